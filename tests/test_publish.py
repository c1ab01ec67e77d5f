"""A Space is put up over real HTTP, at a hub on loopback that checks every byte."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from tests.fake_spaces import TOKEN, FakeSpaces, Space
from tokimp import publish
from tokimp.cli import main
from tokimp.errors import PublishError
from tokimp.publish.sources import Source, of_clone, places_in_space

# The hub's client sends a large file in a way that its own HTTP library finds old.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

ROOT = Path(__file__).resolve().parent.parent
NAME = "a-user/tokens"
SECRET = "what-nobody-may-see"
README = (ROOT / "README.md").read_bytes()
FILES = {
    "app.py": b"print()\n",
    "requirements.txt": (ROOT / "requirements.txt").read_bytes(),
    "README.md": README,
    "tokimp/__init__.py": b"# tokimp\n",
    "assets/pictures/next-token.png": b"\x89PNG" + bytes(range(256)) * 40,
    "assets/empty.txt": b"",
}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSpaces]:
    """A hub that the client talks to, and a token that it knows."""
    server = FakeSpaces()
    monkeypatch.setattr(constants, "ENDPOINT", server.url)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    yield server
    server.close()


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Few files stand for this clone's many; a test may change them."""
    mine = dict(FILES)
    monkeypatch.setattr("tokimp.publish.own_source", lambda: Source(mine, "a test"))
    return mine


def test_what_goes_up_is_told_first_and_nothing_sent(
    hub: FakeSpaces, files: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["deploy", NAME, "--variable", "TOKIMP_STORE=off", "--secret", "HF_TOKEN"]) == 0
    shown = capsys.readouterr()
    for name in files:
        assert f"  {name}\n" in shown.out
    assert f"  + {len(files['assets/pictures/next-token.png']):>10,}  assets/pictures/next-token.png\n" in shown.out
    assert "Space: a-user/tokens, new, public\n" in shown.out
    assert "  short_description: " in shown.out
    assert "  TOKIMP_STORE=off\n" in shown.out
    assert "  HF_TOKEN, its value is read from this environment\n" in shown.out
    assert shown.out.endswith("\nNothing was sent. This is what --push does.\n")
    assert hub.writes() == []
    assert TOKEN not in shown.out + shown.err


def test_a_new_space_gets_every_byte_in_one_commit(
    hub: FakeSpaces, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("A_SECRET", SECRET)
    settings = ["--variable", "TOKIMP_STORE=off", "--secret", "A_SECRET", "--hardware", "t4-small", "--private"]
    assert main(["deploy", NAME, *settings, "--push"]) == 0
    shown = capsys.readouterr()
    space = hub.spaces[NAME]
    readme = space.files.pop("README.md").decode()
    assert space.files.pop(".gitattributes") == b"*.png filter=lfs"
    assert space.files == {name: content for name, content in files.items() if name != "README.md"}
    assert f'thumbnail: "{hub.url}/spaces/{NAME}/resolve/main/assets/pictures/next-token.png"\n' in readme
    assert "suggested_hardware: t4-small\n---\n\n# tokimp" in readme
    assert (space.private, space.sdk, space.hardware) == (True, "gradio", "t4-small")
    assert (space.variables, space.secrets) == ({"TOKIMP_STORE": "off"}, {"A_SECRET": SECRET})
    assert [commit["message"] for commit in space.commits] == ["tokimp 0.1.0, from a test"]
    assert f"It is up, at {space.head[:7]}: {hub.url}/spaces/{NAME}\n" in shown.out
    assert SECRET not in shown.out + shown.err


def test_what_is_there_is_not_sent_again(
    hub: FakeSpaces, files: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ["--variable", "A=b", "--hardware", "cpu-upgrade"]
    main(["deploy", NAME, *settings, "--push"])
    del hub.asked[:]
    assert main(["deploy", NAME, *settings, "--push"]) == 0
    assert hub.writes() == []
    assert f"No file had changed: {hub.url}/spaces/{NAME}\n" in capsys.readouterr().out
    assert main(["deploy", NAME, *settings]) == 0
    assert f"    {len(files)} are there already.\n" in capsys.readouterr().out


def test_what_changed_is_sent_and_what_has_gone_is_deleted(
    hub: FakeSpaces, files: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["deploy", NAME, "--variable", "A=b", "--push"])
    files["tokimp/new.py"] = b"new"
    files["assets/pictures/next-token.png"] = b"another picture"
    del files["assets/empty.txt"]
    capsys.readouterr()
    changes = ["deploy", NAME, "--variable", "A=c", "--hardware", "cpu-upgrade"]
    main(changes)
    told = capsys.readouterr().out
    assert "  +          3  tokimp/new.py\n" in told
    assert "  ~         15  assets/pictures/next-token.png\n" in told
    assert "  -             assets/empty.txt\n" in told
    assert main([*changes, "--push"]) == 0
    space = hub.spaces[NAME]
    assert sorted(space.commits[1]["paths"]) == [
        "README.md",
        "assets/empty.txt",
        "assets/pictures/next-token.png",
        "tokimp/new.py",
    ]
    assert space.files["assets/pictures/next-token.png"] == b"another picture"
    assert "assets/empty.txt" not in space.files
    assert ".gitattributes" in space.files
    assert (space.variables, space.hardware) == ({"A": "c"}, "cpu-upgrade")


def test_json_says_the_same(hub: FakeSpaces, files: dict[str, bytes], capsys: pytest.CaptureFixture[str]) -> None:
    main(["deploy", NAME, "--json", "--secret", "HF_TOKEN"])
    told = json.loads(capsys.readouterr().out)
    assert (told["state"], told["pushed"], told["commit"], told["secrets"]) == ("new", False, None, ["HF_TOKEN"])
    assert told["added"] == sorted(files)
    assert told["files"]["app.py"] == len(files["app.py"])
    assert told["front_matter"]["sdk"] == "gradio"
    main(["deploy", NAME, "--json", "--push"])
    told = json.loads(capsys.readouterr().out)
    assert (told["pushed"], told["commit"]) == (True, hub.spaces[NAME].head)
    assert told["address"] == f"{hub.url}/spaces/{NAME}"


@pytest.mark.parametrize(
    ("request_", "status", "says"),
    [
        ("POST /api/repos/create", 401, "does not know this token"),
        ("POST /api/repos/create", 402, "asks for a paid plan for a-user/tokens. It says: Because."),
        ("POST /api/repos/create", 403, "may not write to a-user/tokens"),
        ("POST /api/repos/create", 409, "exists already, or is being changed"),
        ("POST /api/repos/create", 418, "refused with 418"),
        (f"POST /api/spaces/{NAME}/variables", 400, "does not take a-user/tokens as it is. It says: Because."),
        ("POST /api/validate-yaml", 400, "does not take a-user/tokens as it is. It says: Because."),
        (f"POST /api/spaces/{NAME}/preupload", 413, "finds the files too large"),
        ("PUT /large", 403, "may not write"),
        (f"POST /api/spaces/{NAME}/commit", 412, "Somebody else has changed"),
        (f"POST /api/spaces/{NAME}/commit", 404, f"knows no {NAME}"),
        ("GET /api/spaces", 403, "may not write"),
    ],
)
@pytest.mark.usefixtures("files")
def test_a_hub_that_refuses_is_a_sentence(
    hub: FakeSpaces, request_: str, status: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.refuses[request_] = (status, f"Because.\n{TOKEN}")
    assert main(["deploy", NAME, "--variable", "A=b", "--push"]) == 1
    shown = capsys.readouterr()
    assert says in shown.err
    assert shown.err.startswith("tokimp: ")
    assert shown.err.count("\n") == 1
    assert TOKEN not in shown.err + shown.out
    assert "Traceback" not in shown.err


@pytest.mark.usefixtures("files")
def test_without_a_token_nothing_is_sent(
    hub: FakeSpaces, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    hub.open = True
    assert main(["deploy", NAME, "--push"]) == 1
    assert "There is no token for the hub. Log in with: hf auth login" in capsys.readouterr().err
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    hub.open = False
    assert main(["deploy", NAME, "--push"]) == 1
    assert "does not know this token" in capsys.readouterr().err
    assert main(["deploy", NAME]) == 0, "what would go up can be told all the same"
    assert "not looked at. The hub does not know this token." in capsys.readouterr().out
    assert hub.writes() == []


@pytest.mark.usefixtures("files", "hub")
def test_without_the_hub_what_would_go_up_can_still_be_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = f"http://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setattr(constants, "ENDPOINT", closed)
    assert main(["deploy", NAME]) == 0
    assert f"not looked at. The hub at {closed} does not answer" in capsys.readouterr().out
    assert main(["deploy", NAME, "--push"]) == 1
    assert f"tokimp: The hub at {closed} does not answer" in capsys.readouterr().err


@pytest.mark.usefixtures("files")
def test_a_secret_without_a_value_stops_before_anything_is_sent(
    hub: FakeSpaces, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("NOT_SET", raising=False)
    assert main(["deploy", NAME, "--secret", "NOT_SET"]) == 0
    assert "NOT_SET, WITHOUT A VALUE in this environment" in capsys.readouterr().out
    assert main(["deploy", NAME, "--secret", "NOT_SET", "--push"]) == 1
    assert "The secret NOT_SET has no value here." in capsys.readouterr().err
    assert hub.writes() == []


@pytest.mark.usefixtures("files")
def test_a_space_of_something_else_is_left_alone(hub: FakeSpaces, capsys: pytest.CaptureFixture[str]) -> None:
    hub.spaces[NAME] = Space(sdk="static", files={"index.html": b"mine", "README.md": b"#"})
    assert main(["deploy", NAME, "--push"]) == 1
    assert f"{NAME} is a Space of something else: 1 files would be deleted." in capsys.readouterr().err
    hub.spaces[NAME] = Space(files={"README.md": b"#"})
    assert main(["deploy", NAME, "--private", "--push"]) == 1
    assert f"{NAME} is there already, and public." in capsys.readouterr().err
    assert hub.writes() == []


@pytest.mark.usefixtures("files")
def test_a_push_that_comes_between_is_not_undone(hub: FakeSpaces) -> None:
    hub.spaces[NAME] = Space()
    found = publish.look(NAME)
    assert found is not None
    plan = publish.planned(publish.Wanted(NAME, FILES, "ours"), found)
    hub.spaces[NAME].commits.append({"message": "theirs"})
    with pytest.raises(PublishError, match="Somebody else has changed"):
        publish.push(plan)
    assert "app.py" not in hub.spaces[NAME].files


def test_the_client_of_a_person_does_the_same_from_this_clone(hub: FakeSpaces, tmp_path: Path) -> None:
    """The command as it is typed, in a process of its own that knows the hub from its environment."""
    environment = os.environ | {"HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}
    environment |= {"HF_HOME": str(tmp_path), "HF_TOKEN": TOKEN}
    command = [sys.executable, "-m", "tokimp", "deploy", NAME, "--push", "--json"]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    files = hub.spaces[NAME].files
    source = of_clone(ROOT).files
    assert files.keys() == source.keys() | {".gitattributes"}
    assert all(files[name] == content for name, content in source.items() if name != "README.md")
    assert json.loads(ran.stdout)["commit"] == hub.spaces[NAME].head


def test_only_what_a_space_needs_goes_up() -> None:
    names = set(of_clone(ROOT).files)
    assert {name.split("/")[0] for name in names} == {*publish.sources.TOP}
    assert not {name for name in names if "__pycache__" in name or name.startswith(".") or name.endswith(".pyc")}
    assert (ROOT / "assets/models/minilm-mlm/delta.safetensors").read_bytes() == of_clone(ROOT).files[
        "assets/models/minilm-mlm/delta.safetensors"
    ]


def test_a_wheel_brings_what_a_clone_has() -> None:
    listed = [
        *("tokimp/api.py", "tokimp/ui/web/__init__.py", "tokimp/assets/style.css", "tokimp/assets/models/a/b.json"),
        *("tokimp/assets/space/app.py", "tokimp/assets/space/README.md", "tokimp/__pycache__/api.cpython-311.pyc"),
        *("tokimp-0.1.0.dist-info/RECORD", "../../../bin/tokimp"),
    ]
    assert set(places_in_space(listed).values()) == {
        *("tokimp/api.py", "tokimp/ui/web/__init__.py", "assets/style.css", "assets/models/a/b.json"),
        *("app.py", "README.md"),
    }
