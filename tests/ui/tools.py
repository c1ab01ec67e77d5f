"""Asks a page as a program with tools would, and prints what came of it as JSON: tools.py ADDRESS MODEL."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client


async def asked(address: str, model: str) -> dict[str, Any]:
    question = {"text": "The film was not", "model": model, "method": "occlusion"}
    connection = streamablehttp_client(f"{address}gradio_api/mcp/")
    async with connection as (read, write, _), ClientSession(read, write) as session:
        await session.initialize()
        tools = (await session.list_tools()).tools
        fine = await session.call_tool("explain", question)
        bad = await session.call_tool("explain", question | {"text": "x" * 20_001})
    return {
        "tools": {tool.name: tool.inputSchema for tool in tools},
        "fine": [fine.isError, fine.content[0].text],
        "bad": [bad.isError, bad.content[0].text],
    }


if __name__ == "__main__":
    json.dump(asyncio.run(asked(*sys.argv[1:])), sys.stdout)
