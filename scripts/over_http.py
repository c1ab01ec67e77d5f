"""Asks a page over HTTP, here one on this machine: pip install gradio_client, then python scripts/over_http.py."""

import sys

from gradio_client import Client

page = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7860"
client = Client(page, verbose=False)

found = client.predict(text="The capital of France is", method="occlusion", api_name="/explain")
for token, score in zip(found["tokens"], found["attribution"]["scores"], strict=True):
    print(f"{score:+.3f}  {token['text']!r}")
print(found["target"]["label"], found["link"])

said = client.predict(text="The capital of France is", count=3, api_name="/predict")
for candidate in said["candidates"]:
    print(f"{candidate['prob']:.3f}  {candidate['label']!r}")
