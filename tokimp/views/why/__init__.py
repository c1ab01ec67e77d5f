"""Why a token got what it got, as drawings."""
