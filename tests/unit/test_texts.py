"""What people read says what is so, in the field's words."""

import re
from pathlib import Path

import pytest
from conftest import ROOT

READ = (
    "README.md",
    "config/*",
    "docs/*.md",
    "workflow/report/**/*.*",
    "workflow/schemas/**/*.yaml",
    "scripts/store_clusters/report/**/*.py",
)
TEXTS = [path for pattern in READ for path in sorted(ROOT.glob(pattern))]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_sales_are_held_out_and_not_foretold(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"foret(?:ell|old)\w*|next months?'?\b", text), path
