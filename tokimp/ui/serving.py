"""How the page is served: bounded queue, nothing recorded, nothing fetched from elsewhere."""

from __future__ import annotations

import atexit
import os
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from tokimp.assets import read_asset
from tokimp.models import cache, hub
from tokimp.store import open_store
from tokimp.ui import endpoints, web
from tokimp.ui.arrival import Arrival
from tokimp.ui.components import page_css, page_head
from tokimp.ui.desk import Desk
from tokimp.ui.front_door import FrontDoor
from tokimp.ui.inside.components import inside_css
from tokimp.ui.layout import build
from tokimp.ui.results import Results
from tokimp.ui.visitors import believe_peers_only

SANS = ("system-ui", "-apple-system", "Segoe UI", "sans-serif")
# What Gradio keeps of each tab and of each call takes up to 1 MB. The tab that was quiet longest makes room, and finds
# its result again by its link.
SESSIONS = 300
SHEETS = ("page.css", "inside_tab.css", "comparing_tab.css", "generation.css")
MONO = ("ui-monospace", "Consolas", "monospace")


def theme() -> gr.themes.Base:
    """System fonts only, and ink instead of a colour for what is pressed: red and blue mean something here."""
    ink = {
        "button_primary_background_fill": "#27272a",
        "button_primary_background_fill_hover": "#3f3f46",
        "button_primary_background_fill_dark": "#f4f4f5",
        "button_primary_background_fill_hover_dark": "#d4d4d8",
        "button_primary_text_color": "#ffffff",
        "button_primary_text_color_hover": "#ffffff",
        "button_primary_text_color_dark": "#18181b",
        "button_primary_text_color_hover_dark": "#18181b",
        "body_background_fill": "#ffffff",
        "body_background_fill_dark": "#18181b",
    }
    base = gr.themes.Default(
        primary_hue=gr.themes.colors.zinc,
        secondary_hue=gr.themes.colors.zinc,
        neutral_hue=gr.themes.colors.zinc,
        font=SANS,
        font_mono=MONO,
    )
    return base.set(**ink)


def launch_settings() -> dict[str, Any]:
    return {
        "theme": theme(),
        "css": page_css() + inside_css() + "".join(map(read_asset, SHEETS)),
        "head": page_head(),
        "ssr_mode": False,
        "run_history": False,
        "enable_monitoring": False,
        "pwa": False,
        "show_error": False,
        "mcp_server": endpoints.mcp_here(),
        "state_session_capacity": SESSIONS,
        "footer_links": ["api"],
    }


def serve(*, wait: bool = True, **settings: Any) -> gr.Blocks:
    """Builds and launches the page; `settings` go to `launch` on top of `launch_settings`.

    Where it listens is told by GRADIO_SERVER_NAME and GRADIO_SERVER_PORT, where it keeps results by
    TOKIMP_STORE. Without `wait` it returns once the page can be opened.
    """
    desk = Desk(Results(open_store(os.environ.get("TOKIMP_STORE"), cache.folder())))
    atexit.register(desk.close)
    arrival = Arrival(hub.reachable(), desk)
    demo = build(arrival)
    demo.queue(default_concurrency_limit=1, max_size=desk.limits.waiting, api_open=False)
    believe_peers_only()
    demo.launch(**(launch_settings() | settings | {"app_kwargs": _app_settings(desk), "prevent_thread_lock": True}))
    arrival.prepare()  # after the launch, which asks the page for a sign of life and would wait for it
    if wait:
        demo.block_thread()
    return demo


def _app_settings(desk: Desk) -> dict[str, Any]:
    """The routes and middleware beside the page, behind the one that turns away what is misshapen or too much."""
    own = web.app_settings(desk)
    return own | {"middleware": [Middleware(FrontDoor, visitors=desk.visitors), *own["middleware"]]}
