"""Draw images/architecture.png, the stages of the library and who uses what, from the imports.

python docs/make_architecture.py
"""

import ast
from collections import Counter
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

DOCS = Path(__file__).resolve().parent
SCRIPTS = DOCS.parent / "scripts"
LIBRARY = SCRIPTS / "store_clusters"
STAGES = ["inputs", "sales", "features", "clusters", "merge", "describe", "report"]
BASE = ["tables", "run"]
BLUE, ORANGE, GREY, PALE = "#0072B2", "#D55E00", "#5f6b76", "#eef3f7"
WIDTH, GAP, LINE = 2.3, 0.35, 0.21


def main() -> None:
    """Draw the picture."""
    height = max(len(members(stage)) for stage in STAGES) * LINE + 0.7
    figure = Figure(figsize=(len(STAGES) * (WIDTH + GAP) / 1.25, (height + 6.0) / 1.25))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(-0.3, len(STAGES) * (WIDTH + GAP))
    axes.set_ylim(-height - 3.5, 2.6)
    axes.axis("off")
    left = {stage: number * (WIDTH + GAP) for number, stage in enumerate(STAGES)}
    for stage, x in left.items():
        box(axes, (x, -height), (WIDTH, height), stage, lines=members(stage), colour=BLUE)
    scripts = {stage: [] for stage in STAGES}
    for path in sorted(SCRIPTS.glob("*.py")):
        scripts[latest(path)].append(path.stem)
    for stage, x in left.items():
        for row, name in enumerate(reversed(scripts[stage])):
            axes.text(x + WIDTH / 2, 0.3 + row * LINE, name, ha="center", fontsize=8.5)
    axes.text(left["inputs"], 2.3, "scripts, one per rule, above the last stage they call",
              fontsize=9, color=GREY)  # fmt: skip
    width = left[STAGES[-1]] + WIDTH
    for row, name in enumerate(BASE):
        y = -height - 2.35 - row * 0.62
        words = ", ".join(members(name))
        box(axes, (0, y), (width, 0.5), "", lines=[], colour=GREY)
        axes.text(0.12, y + 0.25, name, va="center", fontsize=10, weight="bold", color=GREY)
        axes.text(1.0, y + 0.25, words, va="center", fontsize=8.5)
    for (user, used), count in uses().items():
        step = STAGES.index(user) - STAGES.index(used)
        start, end = left[user] + 0.5 * WIDTH, left[used] + 0.5 * WIDTH
        axes.add_patch(
            FancyArrowPatch(
                (start, -height),
                (end, -height),
                connectionstyle=f"arc3,rad={-0.42 + 0.045 * step}",
                arrowstyle="-|>",
                mutation_scale=9,
                linewidth=0.6 + 0.25 * min(count, 8),
                color=ORANGE,
                alpha=0.55,
                clip_on=False,
            )
        )
    note = "orange: imports, always of an earlier stage; every stage imports tables and run"
    axes.text(width, 2.3, note, ha="right", fontsize=9, color=ORANGE)
    figure.savefig(DOCS / "images" / "architecture.png", dpi=110, metadata={"Software": None})


def box(
    axes: Axes,
    corner: tuple[float, float],
    size: tuple[float, float],
    title: str,
    *,
    lines: list[str],
    colour: str,
) -> None:
    """Draw a box with a title and lines of text."""
    style = "round,pad=0.02,rounding_size=0.08"
    axes.add_patch(FancyBboxPatch(corner, *size, boxstyle=style, fc=PALE, ec=colour, lw=1.2))
    x, top = corner[0], corner[1] + size[1]
    axes.text(x + 0.1, top - 0.24, title, fontsize=11, weight="bold", color=colour)
    for row, line in enumerate(lines):
        folder = line.endswith("/")
        axes.text(
            x + 0.1,
            top - 0.52 - row * LINE,
            line,
            fontsize=8.5,
            color=ORANGE if folder else "black",
        )


def members(stage: str) -> list[str]:
    """Return the modules of a stage, and its families of interchangeable members as folders."""
    folder = LIBRARY / stage
    modules = [path.stem for path in folder.glob("[!_]*.py")]
    families = [f"{path.parent.name}/" for path in folder.glob("*/__init__.py")]
    return [*sorted(families), *sorted(modules)]


def imported(path: Path) -> set[str]:
    """Return the stages that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("store_clusters.")}
    return found & set(STAGES)


def latest(path: Path) -> str:
    """Return the last stage that a script calls."""
    return max(imported(path) or {"inputs"}, key=STAGES.index)


def uses() -> Counter:
    """Count the modules of a stage that import another one."""
    return Counter(
        (stage, used)
        for stage in STAGES
        for path in (LIBRARY / stage).rglob("*.py")
        for used in imported(path) - {stage}
    )


if __name__ == "__main__":
    main()
