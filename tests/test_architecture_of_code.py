"""The plan of the house, kept by parsing the files: who imports whom, how large things grow, what strings hold."""

from __future__ import annotations

import ast
import re
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

import tokimp

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = sorted((ROOT / "tokimp").rglob("*.py"))
APP = [path for path in [ROOT / "app.py"] if path.exists()]
TOOLS = [path for folder in ("scripts", "training", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))]
TESTS = sorted((ROOT / "tests").rglob("*.py"))

FILE_LINES = 300
FUNCTION_LINES = 60
PARAMETERS = 7
MANY_PARAMETERS = {
    ("tokimp/compare/methods.py", "compare"): "the frozen public signature",
    ("tokimp/compare/prompts.py", "compare_prompts"): "the frozen public signature",
    ("tokimp/question.py", "ask"): "each is one word of the question",
    ("tokimp/api.py", "explain"): "the frozen public signature: each is one word of the question",
    ("tokimp/generating/asking.py", "explain_generation"): "the frozen public signature",
    ("tokimp/evaluation.py", "evaluate"): "the frozen public signature",
    ("tokimp/models/black_box.py", "black_box"): "each is one fact that nobody but its owner knows",
    ("tokimp/estimating.py", "estimate"): "as explain",
    ("tokimp/ui/endpoints.py", "explain"): "the same over HTTP, where every argument is documented by itself",
    ("tokimp/ui/endpoints.py", "inspect"): "as explain",
    ("tokimp/ui/comparing/endpoints.py", "compare"): "as explain",
    ("tokimp/ui/comparing/endpoints.py", "evaluate"): "as explain",
    ("tokimp/ui/generating/endpoints.py", "generate"): "as explain",
}

NOUNS = {
    "types",
    "exports",
    "errors",
    "registry",
    "titles",
    "watch",
    "assets",
    "version",
    "given",
    "score",
    "comparison",
    "prompt_comparison",
    "reasons",
    "generation",
    "units",
}
CORE = {"nouns", "models", "methods", "internals", "metrics"}
MAY_IMPORT = {
    "nouns": {"nouns"},
    "models": {"nouns", "endpoints", "models"},
    "methods": {"nouns", "models", "methods"},
    "internals": {"nouns", "models", "methods", "internals"},
    "metrics": {"nouns", "models", "metrics"},
    "question": CORE,
    "api": CORE | {"question"},
    "generating": CORE | {"question", "api", "generating"},
    "evaluation": CORE | {"question", "api"},
    "estimating": CORE | {"question"},
    "compare": CORE | {"question", "api", "evaluation", "compare"},
    "why": CORE | {"question", "api", "views", "why"},
    "views": {"nouns", "views"},
    "share": {"nouns"},
    "store": {"nouns", "store"},
    "endpoints": {"nouns", "endpoints"},
    "interop": {"nouns", "views"},
    "pictures": {"nouns", "internals", "views"},
    "notebook": CORE | {"question", "api", "views", "pictures"},
    "publish": {"nouns", "models", "publish"},
    "ui": CORE
    | {"question", "api", "estimating", "evaluation", "compare", "generating", "why", "views", "share", "store", "ui"},
    "cli": CORE
    | {"question", "api", "evaluation", "compare", "generating", "why", "views", "share", "publish", "ui", "cli"},
    "__main__": {"cli"},
    "tokimp": {
        "nouns",
        "models",
        "question",
        "api",
        "estimating",
        "evaluation",
        "compare",
        "generating",
        "why",
        "internals",
        "notebook",
    },
    "app": {"ui"},
}
LAZY_EDGES = {
    ("tokimp/exports.py", "tokimp.views.page"): "an explanation shows itself in a notebook",
    ("tokimp/exports.py", "tokimp.views.svg"): "an explanation draws itself",
    ("tokimp/exports.py", "tokimp.views.files"): "an explanation saves itself in the format that a name asks for",
    ("tokimp/exports.py", "tokimp.interop"): "an explanation turns into what other libraries take",
    ("tokimp/reasons.py", "tokimp.views.why.drawer"): "reasons show themselves in a notebook",
    ("tokimp/reasons.py", "tokimp.views.why.table"): "reasons become files",
    ("tokimp/generation.py", "tokimp.views.generation.page"): "an explained answer shows itself in a notebook",
    ("tokimp/generation.py", "tokimp.views.generation.sheet"): "an explained answer becomes files",
    ("tokimp/types.py", "tokimp.share"): "a request knows its link",
    ("tokimp/comparison.py", "tokimp.views.compare.page"): "a comparison shows and saves itself",
    ("tokimp/comparison.py", "tokimp.views.compare.sheet"): "a comparison as a table",
    ("tokimp/prompt_comparison.py", "tokimp.views.compare.page"): "a comparison of prompts shows and saves itself",
    ("tokimp/prompt_comparison.py", "tokimp.views.compare.sheet"): "a comparison of prompts as a table",
}
AT_HOME = {
    "torch": {"models", "methods", "internals", "metrics", "question", "interop"},
    "transformers": {"models"},
    "shap": {"methods", "interop"},
    "gradio": {"ui", "app"},
}

STYLE = re.compile(r"<style|\{[^{}]*[a-z-]+\s*:\s*[^{};]+;[^{}]*\}")
SCRIPT = re.compile(r"<script|\bfunction\b\s*\w*\s*\(|=>\s*[{(\w]|\bdocument\.\w|\bwindow\.\w|addEventListener")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def every(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=name_of)


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def layer_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts == ("app",):
        return "app"
    return "tokimp" if parts == ("tokimp", "__init__") else layer("tokimp." + parts[1])


def layer(module: str) -> str:
    parts = module.split(".")
    if len(parts) == 1:
        return "tokimp"
    return "nouns" if parts[1] in NOUNS else parts[1]


def imports(tree: ast.Module) -> Iterator[str]:
    """Full names of what is imported anywhere in a file; of `from tokimp import x`, tokimp.x."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = node.module or ""
            yield from (f"tokimp.{alias.name}" for alias in node.names) if module == "tokimp" else (module,)


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def strings(tree: ast.Module) -> Iterator[str]:
    """Texts in the code, those of f-strings too, but no docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, documented) and _has_doc(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def _has_doc(node: ast.AST) -> bool:
    return bool(node.body) and ast.get_docstring(node, clean=False) is not None  # type: ignore[attr-defined, arg-type]


@every(PACKAGE + APP)
def test_imports_point_only_to_the_left(path: Path) -> None:
    allowed = MAY_IMPORT[layer_of(path)]
    wrong = {
        module
        for module in imports(parsed(path))
        if module.split(".")[0] == "tokimp"
        and layer(module) not in allowed
        and (name_of(path), module) not in LAZY_EDGES
    }
    assert wrong == set()


def test_lazy_edges_are_lazy() -> None:
    for file, module in LAZY_EDGES:
        tree = parsed(ROOT / file)
        assert module in imports(tree)
        assert module not in imports(ast.Module([node for node in tree.body if not isinstance(node, ast.ClassDef)], []))


@every(PACKAGE + APP)
def test_large_libraries_stay_at_home(path: Path) -> None:
    found = {module.split(".")[0] for module in imports(parsed(path))} & set(AT_HOME)
    assert {library for library in found if layer_of(path) not in AT_HOME[library]} == set()


def test_every_large_library_is_where_it_is_said_to_be() -> None:
    layers = {library: set() for library in AT_HOME}  # type: dict[str, set[str]]
    for path in PACKAGE + APP:
        for module in imports(parsed(path)):
            if module.split(".")[0] in layers:
                layers[module.split(".")[0]].add(layer_of(path))
    assert all(layers.values())


@every(PACKAGE + APP + TOOLS + TESTS)
def test_files_stay_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= FILE_LINES


@every(PACKAGE + APP + TOOLS + TESTS)
def test_functions_stay_short(path: Path) -> None:
    long = {each.name: each.end_lineno - each.lineno + 1 for each in functions(parsed(path)) if each.end_lineno}
    assert {name: lines for name, lines in long.items() if lines > FUNCTION_LINES} == {}


@every(PACKAGE + APP + TOOLS)
def test_functions_take_few_parameters(path: Path) -> None:
    counts = {}
    for each in functions(parsed(path)):
        names = [given.arg for given in (*each.args.posonlyargs, *each.args.args, *each.args.kwonlyargs)]
        if len([name for name in names if name not in ("self", "cls")]) > PARAMETERS:
            counts[each.name] = len(names)
    assert {name for name in counts if (name_of(path), name) not in MANY_PARAMETERS} == set()


def test_exceptions_are_still_needed() -> None:
    for file, name in MANY_PARAMETERS:
        found = [each.args for each in functions(parsed(ROOT / file)) if each.name == name]
        assert max(len(given.args) + len(given.kwonlyargs) for given in found) > PARAMETERS


@every(PACKAGE + APP)
def test_strings_hold_no_style_and_no_script(path: Path) -> None:
    """Views put a style sheet from a file into the page they write; nothing writes one itself."""
    texts = list(strings(parsed(path)))
    assert [text for text in texts if SCRIPT.search(text)] == []
    if layer_of(path) == "views":
        texts = [text.replace("<style>", "").replace("</style>", "") for text in texts]
    assert [text for text in texts if STYLE.search(text)] == []


def test_there_is_no_drawer_for_odds_and_ends() -> None:
    odd = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert [name_of(path) for path in PACKAGE + APP + TOOLS + TESTS if path.stem in odd] == []


def test_public_names_are_one_list() -> None:
    assert all(hasattr(tokimp, name) for name in tokimp.__all__)  # some are there only once they are asked for
    public = {
        name
        for name, thing in vars(tokimp).items()
        if not name.startswith("_") and not isinstance(thing, types.ModuleType)
    }
    assert public | {"__version__"} == set(tokimp.__all__)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (".a { color: red; }", STYLE),
        ("<style>", STYLE),
        ("() => alert(1)", SCRIPT),
        ("function f() {}", SCRIPT),
        ("<script>", SCRIPT),
        ("document.title", SCRIPT),
    ],
)
def test_the_heuristics_see_style_and_script(text: str, found: re.Pattern[str]) -> None:
    assert found.search(text)


@pytest.mark.parametrize("text", ["{a: b}", "how a function is called", "color: red", "x -> y", "f(x) = {y}"])
def test_the_heuristics_let_plain_text_pass(text: str) -> None:
    assert not STYLE.search(text)
    assert not SCRIPT.search(text)
