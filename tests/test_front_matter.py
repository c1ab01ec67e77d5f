"""The block that Spaces read: every fact that they would not take is named before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from huggingface_hub.hf_api import ModelInfo

from tokimp.errors import PublishError
from tokimp.models import hub
from tokimp.models.catalog import CATALOG
from tokimp.publish import shaped
from tokimp.publish.front_matter import checked, extended, read
from tokimp.publish.preload import preload_line
from tokimp.publish.sources import own_source

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
REQUIREMENTS = (ROOT / "requirements.txt").read_text(encoding="utf-8")
FILES = {"README.md": README.encode(), "requirements.txt": REQUIREMENTS.encode(), "app.py": b""}
FACTS = read(README)


def test_ours_is_what_spaces_take() -> None:
    checked(FACTS, FILES, REQUIREMENTS)
    assert FACTS["python_version"] == "3.12"
    assert len(FACTS["short_description"]) <= 60
    assert set(FACTS["models"]) <= {entry.source for entry in CATALOG.values()}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"disable_embedding": True}, "disable_embedding is set"),
        ({"disable_embedding": False}, "disable_embedding is set"),
        ({"sdk_versoin": "6.31.0"}, "know no sdk_versoin"),
        ({"title": " "}, "title is ' '. It must be a line of text"),
        ({"emoji": ":)"}, "emoji is"),
        ({"colorFrom": "orange"}, "one of red, yellow"),
        ({"sdk": "docker"}, "sdk is 'docker'"),
        ({"sdk_version": 6.31}, "a whole version"),
        ({"sdk_version": "6.31"}, "a whole version"),
        ({"sdk_version": "5.49.1"}, r"requirements\.txt asks for gradio"),
        ({"sdk_version": "7.0.0"}, r"requirements\.txt asks for gradio"),
        ({"python_version": 3.1}, r"python_version is 3\.1\. It must be between 3\.10 and 3\.13, in quotes"),
        ({"app_file": "main.py"}, "among the files that go up"),
        ({"short_description": "a" * 61}, "at most 60 characters"),
        ({"models": "gpt2"}, "a list of names"),
        ({"tags": [1]}, "a list of names"),
        ({"thumbnail": "assets/picture.png"}, "address of a picture"),
        ({"preload_from_hub": ["gpt2 config.json main again"]}, "a list of models"),
        ({"startup_duration_timeout": "soon"}, "a time such as 30m"),
        ({"suggested_hardware": "abacus"}, "one of cpu-basic"),
    ],
    ids=str,
)
def test_what_spaces_do_not_take(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(PublishError, match=says):
        checked(FACTS | changes, FILES, REQUIREMENTS)


@pytest.mark.parametrize("name", ["title", "sdk_version", "app_file"])
def test_what_is_missing(name: str) -> None:
    with pytest.raises(PublishError, match=f"{name} is missing"):
        checked({each: value for each, value in FACTS.items() if each != name}, FILES, REQUIREMENTS)


@pytest.mark.parametrize(
    "text", ["# tokimp", "", " ---\ntitle: a\n---\n", "---\ntitle: a\n", "---\n[1\n---\n", "---\n- a\n---\n"]
)
def test_what_is_no_front_matter(text: str) -> None:
    with pytest.raises(PublishError, match=r"The Space's front matter will not do: (there is none|it is no YAML)"):
        read(text)


def test_new_facts_take_the_place_of_old_ones() -> None:
    text = "---\ntitle: a\ntags:\n  - x\n  - y\nsdk: gradio\n---\n\ntags:\n- body\n"
    after = extended(text, {"tags": ["it's", "b: c"], "title": "—"})
    assert after == '---\nsdk: gradio\ntags:\n  - "it\'s"\n  - "b: c"\ntitle: "—"\n---\n\ntags:\n- body\n'
    assert read(after) == {"sdk": "gradio", "tags": ["it's", "b: c"], "title": "—"}


def test_hardware_shapes_what_goes_up() -> None:
    plain = shaped(FILES, "a-user/tokens", None, [])
    assert plain["requirements.txt"] == FILES["requirements.txt"]
    zero = shaped(FILES, "a-user/tokens", "zero-a10g", [])
    assert zero["requirements.txt"].decode() == REQUIREMENTS.replace("torch>=2.8,<2.14", "torch>=2.8,<2.12")
    assert zero["requirements.txt"] != plain["requirements.txt"]
    assert read(zero["README.md"].decode())["suggested_hardware"] == "zero-a10g"
    with pytest.raises(PublishError, match="Spaces have no hardware 'abacus'"):
        shaped(FILES, "a-user/tokens", "abacus", [])


def test_requirements_are_plain_packages() -> None:
    """A Space installs them from the public index: no options, no addresses, nothing that is only here."""
    lines = [line for line in own_source().files["requirements.txt"].decode().splitlines() if line]
    assert [line for line in lines if line.startswith("-") or "://" in line or "@" in line or "/" in line] == []


def test_a_model_is_built_in_with_what_is_read_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["config.json", "tokenizer.json", "merges.txt", "model.safetensors", "pytorch_model.bin", "onnx/model.onnx"]
    asked: list[Any] = []

    def describe(name: str, revision: str) -> ModelInfo:
        asked.append((name, revision))
        return ModelInfo(id=name, siblings=[{"rfilename": each} for each in names], tags=[], private=False)

    monkeypatch.setattr(hub, "describe", describe)
    entry = CATALOG["gpt2"]
    line = preload_line("gpt2")
    assert line == f"{entry.source} config.json,merges.txt,tokenizer.json,model.safetensors {entry.revision}"
    assert asked == [(entry.source, entry.revision)]
    assert read(shaped(FILES, "a/b", None, [line])["README.md"].decode())["preload_from_hub"] == [line]
    names.remove("model.safetensors")
    with pytest.raises(PublishError, match="no safetensors"):
        preload_line("gpt2")
    with pytest.raises(PublishError, match="goes up with the page"):
        preload_line("minilm-mlm")


@pytest.mark.parametrize(
    ("name", "content", "says"), [("app.py", None, "needs app.py"), ("assets/x", b"hf_" + b"a" * 34, "a token")]
)
def test_what_must_not_or_cannot_go_up(
    monkeypatch: pytest.MonkeyPatch, name: str, content: bytes | None, says: str
) -> None:
    source = own_source()
    files = {each: held for each, held in source.files.items() if each != name} | ({name: content} if content else {})
    monkeypatch.setattr("tokimp.publish.sources.of_clone", lambda _: type(source)(files, "a test"))
    with pytest.raises(PublishError, match=says):
        own_source()
