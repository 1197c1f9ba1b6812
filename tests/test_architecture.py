"""The rules of the code base that a machine can check: layers, sizes, names, types, settings, locked requirements."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent
OURS = ("workspaces", "contacts", "templates_mgmt", "inbox", "broadcasts")
PACKAGES = (*OURS, "config", "providers", "live", "simulator", "bench")
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "services", "service", "managers", "signals", "misc", "common"}
UNSCOPED_MODELS = {"workspaces.User", "workspaces.Workspace"}  # above the border: they are what it is drawn around
ENTRANCES = re.compile(r"\.(urls|views|hooks|jobs|admin|management)(\.|_|$)")
MACHINE_PATH = re.compile(r"/(?:work|root|home/[a-z]+|tmp/[a-z]+)/[\w.]")
LOCKED = re.compile(r"^[a-z0-9_.-]+(\[[a-z,]+\])?==[^ ]+( ;.*)? \\$", re.IGNORECASE)


def tracked() -> list[Path]:
    """The files git knows, those not yet added included."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [path for name in names if (path := ROOT / name).is_file()]


def modules(*folders: str) -> list[Path]:
    """Python files of the given packages, migrations left out."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path for path in found if "migrations" not in path.parts)


def run(*command: str) -> str:
    """Run a tool of the virtual environment; its output when it is not content, else nothing."""
    return run_python("-m", *command)


def run_python(*arguments: str) -> str:
    """Run Python; what it printed when it failed, else nothing."""
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_ruff_is_content():
    assert not (complaints := run("ruff", "check", "--quiet", "--no-cache", ".")), complaints


def test_types_hold():
    assert not (complaints := run("mypy", "--no-error-summary", "--cache-dir", ".mypy_cache")), complaints


def test_imports_point_down_only():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def imported_names(path: Path) -> set[str]:
    """Dotted names that a module imports, relative ones resolved."""
    package = ".".join(path.relative_to(ROOT).with_suffix("").parts[:-1])
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names |= {f"{base}.{alias.name}" for alias in node.names}
    return names


def test_verbs_and_models_import_no_views_hooks_or_jobs():
    wrong = []
    for path in modules(*OURS):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if ENTRANCES.search(name) or ".models." in name:
            continue
        wrong += [f"{name} imports {other}" for other in imported_names(path) if _is_entrance(other)]
    assert not wrong


def _is_entrance(name: str) -> bool:
    return name.startswith(tuple(f"{app}." for app in OURS)) and ".models" not in name and bool(ENTRANCES.search(name))


def test_only_the_registry_names_a_concrete_provider():
    concrete = tuple(f"providers.{path.parent.name}" for path in (ROOT / "providers").glob("*/__init__.py"))
    wrong = []
    for path in modules(*PACKAGES):
        parts = path.relative_to(ROOT).with_suffix("").parts
        own = ".".join(parts[:2]) if parts[0] == "providers" else ""
        if ".".join(parts) == "providers.registry":
            continue
        wrong += [
            f"{path.relative_to(ROOT)} imports {name}"
            for name in imported_names(path)
            if name.startswith(concrete) and not (own in concrete and name.startswith(own))
        ]
    assert not wrong


def test_no_module_is_long():
    limits = dict.fromkeys(modules(*PACKAGES), 300) | dict.fromkeys(modules("tests"), 600)
    long = {str(path.relative_to(ROOT)): lines for path, limit in limits.items() if (lines := _lines(path)) > limit}
    assert not long


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_no_function_is_long():
    long = []
    for path in modules(*PACKAGES):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno:
                lines = node.end_lineno - node.lineno + 1
                if lines > 40:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {lines} lines")
    assert not long


def test_settings_stay_one_page():
    assert _lines(ROOT / "config" / "settings.py") < 250


def test_modules_are_named_for_what_they_do():
    assert not [str(path) for path in modules(*PACKAGES) if path.stem in VAGUE_NAMES]


def test_env_example_lists_what_the_settings_read():
    tree = ast.parse((ROOT / "config" / "settings.py").read_text())
    read = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and node.args
        and re.fullmatch("[A-Z_]+", str(getattr(node.args[0], "value", "")))
        and isinstance(node.func, (ast.Attribute, ast.Name))
        and (ast.unparse(node.func).startswith("env.") or ast.unparse(node.func) == "_database")
    }
    listed = re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == read


def test_nothing_else_reads_the_environment():
    allowed = {"settings.py", "run.py", "dev.py", "embedded.py", "wsgi.py"}
    readers = [path for path in modules(*OURS, "config", "providers", "live") if "os.environ" in path.read_text()]
    wrong = [str(path) for path in readers if not (path.parent.name == "config" and path.name in allowed)]
    wrong = [path for path in wrong if 'setdefault("DJANGO_SETTINGS_MODULE"' not in Path(path).read_text()]
    assert not wrong


@pytest.mark.parametrize("name", ["runtime.txt", "dev.txt"])
def test_requirements_are_locked_by_hash_and_name_no_index(name):
    lines = [line for line in (ROOT / "requirements" / name).read_text().splitlines() if not line.startswith("#")]
    assert not [line for line in lines if "://" in line or line.startswith("-")]
    packages = [position for position, line in enumerate(lines) if not line.startswith(" ")]
    assert packages
    for position in packages:
        assert LOCKED.match(lines[position]), lines[position]
        assert lines[position + 1].strip().startswith("--hash=sha256:")


def test_what_the_product_runs_on_is_a_part_of_what_it_is_tested_with():
    runtime, dev = (
        {line.split(" ")[0] for line in (ROOT / "requirements" / name).read_text().splitlines() if "==" in line}
        for name in ("runtime.txt", "dev.txt")
    )
    assert runtime <= dev


def test_every_row_of_a_tenant_names_its_workspace():
    ours = [model for app in OURS for model in apps.get_app_config(app).get_models()]
    unscoped = {model._meta.label for model in ours if "workspace" not in {f.name for f in model._meta.fields}}
    assert unscoped <= UNSCOPED_MODELS
    assert not [
        model._meta.label
        for model in ours
        if model._meta.label not in unscoped and model._meta.get_field("workspace").null
    ]


def test_no_file_names_a_place_on_somebodys_machine():
    wrong = []
    for path in tracked():
        if path.suffix in {".png", ".jpg", ".woff2", ".ogg", ".mp4", ".gz", ".webp"} or path == Path(__file__):
            continue
        text = path.read_text(errors="replace")
        wrong += [f"{path.relative_to(ROOT)}: {found.group()}" for found in MACHINE_PATH.finditer(text)]
    assert not wrong
