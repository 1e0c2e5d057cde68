"""The page: three tabs. Importing this imports Gradio; `app` sets what it must find in the environment first."""

from pathlib import Path

import gradio as gr

from inspector.console import live, records, sheet

_CACHE_S = 3600  # how often Gradio's own cache is emptied; no picture of a unit goes through it


def build(store: Path, sheet_path: Path | None) -> gr.Blocks:
    """Layout only; what the tabs show comes from `views`."""
    page = gr.Blocks(title="Inspector", analytics_enabled=False, fill_width=True, delete_cache=(_CACHE_S, _CACHE_S))
    with page:
        with gr.Tab("Live"):
            live.tab()
        with gr.Tab("Sheet"):
            sheet.tab(store, sheet_path)
        with gr.Tab("Records"):
            records.tab(store, page)
    return page
