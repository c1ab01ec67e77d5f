"""What happens inside the model, as drawings."""
