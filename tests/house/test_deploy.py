"""What lies in deploy/ agrees with the code, with itself, and with the programs that read it."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from helpline.commands import helpline
from helpline.config import Settings
from helpline.db import new_engine
from helpline.lines import texts
from helpline.selfhelp.views import MOST_BYTES_SENT
from tests.scaled.nginx import Nginx, certify, program

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
HELPLINE = ("migrate", "process1", "process2")
UNITS = sorted((DEPLOY / "systemd").glob("helpline*.service"))


def read(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def without_comments(text: str) -> str:
    return re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)


def settings_of_the_code() -> set[str]:
    return {f"HELPLINE_{name.upper()}" for name in Settings.model_fields}


def lines_of(text: str) -> dict[str, str]:
    """`name = value` and `name value` lines."""
    pairs = (re.split(r"\s*=\s*|\s+", line, maxsplit=1) for line in without_comments(text).splitlines() if line.strip())
    return {name: value.strip("'\"") for name, value in pairs}


# nginx


@pytest.mark.parametrize("folder", ["nginx", "compose"])
def test_nginx_takes_the_files(folder, tmp_path):
    nginx = Nginx([8001, 8002], certify(tmp_path / "tls").parent)
    try:
        if folder == "compose":
            shutil.copy(DEPLOY / "compose/processes.conf", nginx.folder / "etc/helpline/processes.conf")
        command = [program(), "-p", nginx.folder, "-c", nginx.folder / "etc/nginx.conf", "-e", "stderr", "-t"]
        tested = subprocess.run(command, capture_output=True, text=True)
    finally:
        nginx.remove()
    assert tested.returncode == 0, tested.stderr
    assert "[warn]" not in tested.stderr


def test_nginx_logs_nothing_that_a_visitor_causes():
    everything = "".join(without_comments(path.read_text(encoding="utf-8")) for path in DEPLOY.rglob("*.conf"))
    assert re.findall(r"access_log\s+(.*?);", everything) == ["off"]
    # From `alert` on lines carry the client.
    assert re.findall(r"error_log\s+(.*?);", everything) == ["stderr emerg"]
    assert "log_format" not in everything


def test_nginx_keeps_what_visitors_send_in_memory():
    sizes = dict(re.findall(r"^\s*(client_\w+_size) (\d+)k;", read("nginx/nginx.conf"), re.MULTILINE))
    assert sizes["client_body_buffer_size"] == sizes["client_max_body_size"]
    assert "proxy_max_temp_file_size 0;" in read("nginx/nginx.conf")


def test_nginx_lets_the_application_say_that_a_form_is_too_large(app):
    (size,) = re.findall(r"client_max_body_size (\d+)k;", read("nginx/nginx.conf"))
    assert int(size) * 1024 > app.config["MAX_CONTENT_LENGTH"]
    place = re.search(r"location ~ (\S+self-help/) \{(.*?)\}", read("nginx/helpline/site.conf"), re.DOTALL)
    assert re.match(place[1], "/nl/prevention/self-help/goals/ladder/")
    sizes = dict(re.findall(r"(client_\w+_size) (\d+)k;", place[2]))
    assert sizes["client_body_buffer_size"] == sizes["client_max_body_size"], "in memory"
    assert int(sizes["client_max_body_size"]) * 1024 > MOST_BYTES_SENT


def test_nginx_waits_longer_for_a_socket_than_the_longest_silence():
    place = re.search(r"location /socket.io/ \{(.*?)\}", read("nginx/helpline/site.conf"), re.DOTALL)
    (seconds,) = re.findall(r"proxy_read_timeout (\d+)s;", place[1])
    assert int(seconds) > max(rule.le for rule in Settings.model_fields["ping_seconds"].metadata if hasattr(rule, "le"))


def test_nginx_never_sends_a_form_twice():
    assert "non_idempotent" not in without_comments(read("nginx/helpline/site.conf"))


def test_every_certificate_has_one_name():
    served = re.findall(r"server_name ([^;]*);\s*ssl_certificate +(\S+);", read("nginx/nginx.conf"))
    assert len(served) == 3
    for names, certificate in served:
        assert certificate == f"/etc/helpline/tls/{names}/fullchain.pem"


def test_the_page_of_nginx_names_no_line_and_only_numbers_that_are_help_entries(tmp_path):
    page = read("nginx/helpline/unavailable.html")
    assert not re.search("youth|prevention|jongeren|helpline|hulplijn", page, re.IGNORECASE)
    entries = texts.load_help("nl", "nl", tmp_path)
    called = re.findall(r'href="tel:(\d+)">(\d+)<', page)
    assert {number for pair in called for number in pair} == {entries["emergency"].phone, entries["crisis"].phone}


# systemd


def unit(path: Path) -> dict[str, dict[str, list[str]]]:
    """Sections and their settings; one that stands there several times has several values."""
    found: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] = {}
    for line in without_comments(path.read_text(encoding="utf-8")).splitlines():
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), {})
        elif line:
            name, value = line.split("=", 1)
            section.setdefault(name, []).append(value)
    return found


def test_systemd_understands_the_units(tmp_path):
    # It looks whether the program is there, which is installed in another place.
    for path in (DEPLOY / "systemd").iterdir():
        if path.is_file():
            text = path.read_text(encoding="utf-8").replace("/opt/helpline/current/.venv/bin/helpline", "/bin/true")
            (tmp_path / path.name.replace("@.", "@8001.")).write_text(text, encoding="utf-8")
    files = sorted(tmp_path.iterdir())
    verified = subprocess.run(["systemd-analyze", "verify", "--man=no", *files], capture_output=True, text=True)
    ours = [line for line in verified.stderr.splitlines() if "helpline" in line]
    assert ours == []


def test_no_unit_starts_nginx_before_its_own_configuration_is_in_place():
    for path in (DEPLOY / "systemd").glob("helpline*"):
        for name in ("Wants", "Requires", "BindsTo"):
            assert not any("nginx" in value for value in unit(path).get("Unit", {}).get(name, ())), path.name
    guide = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    configured = guide.index("cp -R deploy/nginx/. /etc/nginx/")
    started = guide.index("systemctl enable nginx && systemctl restart nginx && rm -f /var/log/nginx/*")
    assert guide.index("systemctl stop nginx && rm -f /var/log/nginx/*") < configured < started


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_the_units_are_well_walled(path):
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=15", "--no-pager", path],
        capture_output=True,
        text=True,
    )
    assert judged.returncode == 0, judged.stdout


def test_both_units_have_the_same_walls():
    process, migration = (unit(path)["Service"] for path in reversed(UNITS))
    own = {"Type", "ExecStart", "Restart", "RestartSec", "SyslogIdentifier"}
    of_process = {name: value for name, value in process.items() if name not in own}
    of_migration = {name: value for name, value in migration.items() if name not in own | {"RemainAfterExit"}}
    extra = {"LimitNOFILE", "TasksMax", "TimeoutStopSec"}
    assert {name: value for name, value in of_process.items() if name not in extra} == of_migration


def test_a_process_is_started_again_for_ever_and_leaves_no_core():
    found = unit(DEPLOY / "systemd/helpline@.service")
    assert found["Service"]["Restart"] == ["always"]
    assert found["Unit"]["StartLimitIntervalSec"] == ["0"]
    assert found["Service"]["LimitCORE"] == found["Service"]["MemorySwapMax"] == ["0"]


def test_the_units_call_commands_and_options_that_exist():
    for path in UNITS:
        (line,) = unit(path)["Service"]["ExecStart"]
        name, *options = line.split()[1:]
        known = {option for parameter in helpline.commands[name].params for option in parameter.opts}
        assert {option for option in options if option.startswith("--")} <= known


def test_the_sample_settings_are_settings_and_start_several_processes(monkeypatch):
    sample = lines_of(read("helpline.env"))
    assert sample.keys() <= settings_of_the_code()
    for name, value in sample.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.over_tls
    assert settings.trusted_proxies == 1
    assert settings.redis_url
    assert not settings.embedded


# PostgreSQL and Redis


def test_postgresql_keeps_its_promise_and_says_nothing_about_anybody():
    found = lines_of(read("postgresql.conf"))
    assert {found[name] for name in ("fsync", "full_page_writes", "synchronous_commit")} == {"on"}
    assert found["log_statement"] == "none"
    assert found["log_min_duration_statement"] == "-1"
    assert found["log_min_error_statement"] == "panic"
    assert found["log_error_verbosity"] == "terse"
    assert found["log_connections"] == found["log_disconnections"] == "off"
    assert not re.search("%[hrq]", found["log_line_prefix"])


def test_postgresql_has_room_for_the_connections_of_four_processes():
    pool = new_engine("postgresql+psycopg2://host/name").pool
    assert int(lines_of(read("postgresql.conf"))["max_connections"]) > 4 * (pool.size() + pool._max_overflow)


def test_postgresql_in_a_container_has_the_same_settings():
    given = [word.removeprefix("-c").split("=", 1) for word in SERVICES["database"]["command"][1:]]
    assert {name: value.strip() for name, value in given} == {
        name: value.strip() for name, value in lines_of(read("postgresql.conf")).items()
    }


def test_redis_keeps_nothing_in_a_container_either():
    words = SERVICES["valkey"]["command"][1:]
    given = dict(zip(words[::2], words[1::2], strict=True))
    written = lines_of(read("redis.conf"))
    assert (given["--save"], given["--appendonly"]) == (written["save"], written["appendonly"]) == ("", "no")
    for name in ("maxmemory", "maxmemory-policy", "slowlog-log-slower-than", "loglevel"):
        assert given[f"--{name}"] == written[name]


# Compose


def test_the_compose_file_keeps_to_the_specification():
    checked = subprocess.run(
        [
            Path(sys.executable).with_name("check-jsonschema"),
            "--builtin-schema",
            "vendor.compose-spec",
            DEPLOY / "compose.yaml",
        ],
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_only_nginx_can_be_reached_and_nothing_else_reaches_out():
    outside = {name for name, network in COMPOSE["networks"].items() if not network.get("internal")}
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"nginx"}
    assert {name for name, service in SERVICES.items() if outside & set(service["networks"])} == {"nginx"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_walled(name):
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["ulimits"]["core"] == 0


def test_the_settings_of_the_containers_exist_and_secrets_are_files():
    for name in HELPLINE:
        service = SERVICES[name]
        secret = {word.upper() for word in service["secrets"]}
        assert set(service["environment"]) | secret <= settings_of_the_code()
        assert {"HELPLINE_DATABASE_URL", "HELPLINE_METRICS_TOKEN"} <= secret
        assert set(service["secrets"]) <= set(COMPOSE["secrets"])
        assert str(service["environment"]["HELPLINE_TRUSTED_PROXIES"]) == "1"
    assert "postgresql://" not in read("compose.yaml")


def test_the_migration_runs_before_every_process():
    for name in HELPLINE[1:]:
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert SERVICES["migrate"]["command"] == ["migrate"]


def test_processes_are_healthy_once_they_are_ready_and_only_then_nginx_starts():
    for name in HELPLINE[1:]:
        assert "/readyz" in SERVICES[name]["healthcheck"]["test"][-1]
        assert SERVICES["nginx"]["depends_on"][name]["condition"] == "service_healthy"


def test_nginx_knows_every_process_of_the_compose_file_by_its_address_and_port():
    known = set(re.findall(r"^\s*server (\S+)", read("compose/processes.conf"), re.MULTILINE))
    (port,) = re.findall(r"^EXPOSE (\d+)", read("Dockerfile"), re.MULTILINE)
    addresses = set()
    for name, service in SERVICES.items():
        if name.startswith("process"):
            assert service["command"][-2:] == ["--port", port]
            addresses.add(f"{service['networks']['inside']['ipv4_address']}:{port}")
    assert known == addresses
    assert len(known) >= 2


def test_the_keyring_has_a_volume_of_its_own():
    for name in HELPLINE:
        mounted = dict(volume.split(":") for volume in SERVICES[name]["volumes"])
        assert mounted["keyring"] == f"{mounted['instance']}/keyring"


def test_the_image_gets_all_that_the_wheel_is_made_of_and_nothing_else():
    packed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*packed["only-include"], "pyproject.toml", "README.md", "requirements.txt"}
    copied = {word.rstrip("/") for line in re.findall(r"^COPY (?!--)(.*) \S+$", read("Dockerfile"), re.MULTILINE)
              for word in line.split()}  # fmt: skip
    ignored = without_comments(read("Dockerfile.dockerignore")).split()
    assert ignored[0] == "*"
    assert copied == needed == {word[1:] for word in ignored if word.startswith("!")}
    assert "--require-hashes" in read("Dockerfile")


def test_the_image_runs_as_the_user_who_may_read_the_secrets():
    (number,) = re.findall(r"useradd .*--uid (\d+)", read("Dockerfile"))
    assert re.search(r"^USER helpline$", read("Dockerfile"), re.MULTILINE)
    assert f"chown {number} secrets/" in (ROOT / "docs/operating.md").read_text(encoding="utf-8")
