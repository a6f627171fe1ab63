"""Secrets are used, and not told."""

from pathlib import Path

import pytest

from store_clusters.run.errors import InputError
from store_clusters.run.secrets import hidden, reveal, shown, variables
from store_clusters.settings.references import hide_passwords
from store_clusters.settings.resolve import resolve_config

COLUMNS = {"store_id": "a", "product_id": "b", "sales": "c"}


def sales(database: str) -> dict:
    return {"inputs": {"sales": {"database": database, "table": "pos", "columns": COLUMNS}}}


def test_settings_name_the_variable_that_a_database_is_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALES_DB", "postgresql://me:geheim@host/db")
    config = sales("${oc.env:SALES_DB}")
    config["publish"] = [
        {"name": "out", "database": "${inputs.sales.database}", "table": "clusters"}
    ]
    settings = resolve_config(config)
    assert settings["inputs"]["sales"]["database"] == "${oc.env:SALES_DB}"
    assert settings["publish"][0]["database"] == "${oc.env:SALES_DB}"
    assert reveal("${oc.env:SALES_DB}", "") == "postgresql://me:geheim@host/db"


def test_a_variable_may_name_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("sqlite:///pos.db\n", encoding="utf-8")
    monkeypatch.delenv("SALES_DB", raising=False)
    monkeypatch.setenv("SALES_DB_FILE", str(tmp_path / "secret"))
    assert reveal("${oc.env:SALES_DB}", "") == "sqlite:///pos.db"
    assert variables("${oc.env:SALES_DB}") == ["SALES_DB_FILE"]
    monkeypatch.setenv("SALES_DB_FILE", "nowhere")
    with pytest.raises(InputError, match="'nowhere', which SALES_DB_FILE names, cannot be read"):
        reveal("${oc.env:SALES_DB}", "inputs.sales.database")


def test_a_variable_that_is_not_set_ends_the_run_before_it_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SALES_DB", raising=False)
    with pytest.raises(InputError, match=r"inputs\.sales\.database: Environment variable"):
        resolve_config(sales("${oc.env:SALES_DB}"))
    assert reveal("${oc.env:SALES_DB,sqlite:///pos.db}", "") == "sqlite:///pos.db"


def test_passwords_that_are_written_out_move_to_the_environment() -> None:
    config = sales("postgresql://me:ge/heim@host/db?sslpassword=zwei")
    config["inputs"]["sales"]["database"] = "postgresql://me:geheim@host/db"
    found = hide_passwords(config)
    name = "STORE_CLUSTERS_INPUTS_SALES_DATABASE"
    assert found == {"inputs.sales.database": (name, "geheim")}
    url = config["inputs"]["sales"]["database"]
    assert url == f"postgresql://me:${{oc.env:{name}}}@host/db"
    assert hide_passwords(config) == {}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://me:geheim@host/db", "postgresql://me:***@host/db"),
        ("postgresql://me@host/db?password=geheim", "postgresql://me@host/db?password=***"),
        ("mysql+pymysql://:geheim@host/db", "mysql+pymysql://:***@host/db"),
        ("postgresql://me:${oc.env:PW}@host/db", "postgresql://me:${oc.env:PW}@host/db"),
        ("sqlite:///pos.db", "sqlite:///pos.db"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, said: str) -> None:
    assert shown(url) == said


def test_messages_of_drivers_are_told_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB", "postgresql://me:ge%2Fheim@host/db")
    message = 'no "=" after "postgresql://me:ge%2Fheim@host/db"; user me with ge/heim; ge%2Fheim'
    url = reveal("${oc.env:DB}", "")
    said = hidden(message, url, "${oc.env:DB}")
    assert said == 'no "=" after "${oc.env:DB}"; user me with ***; ***'
