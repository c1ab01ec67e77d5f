"""The app: `python app.py`, or a Hugging Face Space."""

from __future__ import annotations

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

from tokimp.ui.serving import serve

if __name__ == "__main__":
    serve()
