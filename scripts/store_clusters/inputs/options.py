"""Options of what people send."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, MaxLen, MinLen

from store_clusters.inputs.readers import AUTO, READERS
from store_clusters.run.options import (
    Day,
    Member,
    Options,
    Pattern,
    Text,
)


@dataclass(frozen=True)
class Source(Options):
    """How a file is written."""

    path: Text | None = None
    """File or glob, in one of the formats of `format`; or a folder: of a Delta table, or of files
    whose folders may be partitions such as `month=2024-01`, which are columns too; or a file or
    glob of `s3://`, `gs://`, `az://`, which is copied to the disk first."""
    database: Text | None = None
    """URL of a database, in place of `path`: `${oc.env:SALES_DB}`, a variable of yours, or
    `sqlite:///pos.db`."""
    table: Text | None = None
    """Table or view of the database, `schema.table`."""
    query: Text | None = None
    """Query to use in place of a `table`."""
    format: Annotated[str, Member(READERS, also=(AUTO,))] = AUTO
    """Format; `auto` goes by the file's name."""
    sheet: Text | Annotated[int, Ge(1)] | None = None
    """Sheet of a workbook, by name or number; null is the first."""
    delimiter: Literal["auto"] | Annotated[str, MinLen(1), MaxLen(1)] = "auto"
    """Character between the columns of CSV; `auto` finds comma, semicolon, tab or vertical bar,
    and refuses a file where two are as likely."""
    encoding: str = "utf-8"
    """Encoding of CSV; a byte-order mark of UTF-16 outweighs `utf-8`."""
    skip_rows: Annotated[int, Ge(0)] = 0
    """Lines of CSV, or rows of a sheet, above the header."""
    total_rows: Literal["refuse", "drop", "keep"] = "refuse"
    """What to do with rows of totals: a store or product called `Total`, `Grand total`, `Summe`,
    `Gesamt` and the like, or a last row without either whose sales are those of all others.
    `drop` leaves them out, counted; `keep` takes the name for one of a store or product."""
    missing: list[str] = field(default_factory=list)
    """Texts that mean a missing value; empty always does. A number among them, such as `"-999"`, is
    missing in columns of numbers too, in Parquet as in CSV, written -999 or -999.0."""
    decimal: Literal[".", ","] = "."
    """Decimal mark of numbers in CSV; with `","`, points between thousands are ignored."""
    thousands: Literal[",", ".", " ", "'"] | None = None
    """Mark between thousands of numbers in text, the only one then; null takes those that cannot be
    mistaken, so that `1,234.50` is read and `1,234` refused."""
    date_format: str | None = None
    """Format of dates in text, such as `"%d/%m/%Y"`; null means 2024-01-31, 2024-01, Jan 2024 or
    2024-W05. `excel` means numbers that count days as Excel does."""
    strip_leading_zeros: bool = False
    """Whether `007` and `7` are the same identifier."""

    @property
    def named(self) -> list[str]:
        """The columns that `columns` maps, by the names that files give them."""
        columns = getattr(self, "columns", None)
        names = vars(columns).values() if columns else ()
        return list(dict.fromkeys(name for name in names if name is not None))

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Yield what does not agree: where the data is."""
        if (self.path is None) == (self.database is None):
            yield "", "give either path, or database with table or query."
        elif self.database is None and (self.table or self.query):
            yield "", "table and query are of a database, and there is none."
        elif self.database and (self.table is None) == (self.query is None):
            yield "", "give either table or query of the database."
        elif self.database and self.format != AUTO:
            yield "format", "a database has none."


def marks_disagree(source: Source) -> Iterator[tuple[str, str]]:
    """Yield what does not agree: one mark for decimals and thousands."""
    if source.thousands == source.decimal:
        yield "thousands", f"{source.thousands!r} is the decimal mark (decimal), too."


@dataclass(frozen=True)
class SalesColumns(Options):
    """Our column names and theirs."""

    store_id: str
    """Column that identifies the store."""
    product_id: str | None = None
    """Column that identifies the product; needed unless a wide layout gives it."""
    sales: str | None = None
    """Column with the money taken; kept to four decimals. Needed unless the layout is wide."""
    date: str | None = None
    """Column with the day of the sale; needed for `from` and `to` and for `min_history_days`."""


@dataclass(frozen=True)
class Wide(Options):
    """A table with a column of sales per period or product."""

    columns: Text
    """Columns that hold sales, as a pattern such as `20*`; `*` is all that `columns` of the source
    does not name. Empty cells are no rows."""
    to: Literal["date", "product_id"]
    """What the names of these columns are: days or periods (`2024-01-31`, `2024-01`, `202401`,
    `Jan 2024`, `2024-W05`; a period counts as its first day), or products."""


@dataclass(frozen=True)
class Layout(Options):
    """How rows are laid out."""

    wide: Wide | None = None
    """A column of sales per period or product; null for a row per store, product and day."""


@dataclass(frozen=True, kw_only=True)
class Sales(Source):
    """Sales by store and product, any number of rows per pair; returns are negative."""

    columns: SalesColumns
    """Our column names and theirs."""
    layout: Layout = field(default_factory=Layout)
    """How rows are laid out."""
    from_: Annotated[str, Day()] | None = None
    """First day to use."""
    to: Annotated[str, Day()] | None = None
    """Last day to use."""
    incomplete: Literal["refuse", "set_aside"] = "refuse"
    """What to do with rows that have no store or no product: `refuse` the file, or `set_aside`
    their sales, with the reason, in the account."""

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Yield what does not agree: marks, the days to use, and columns beside a wide layout."""
        yield from super().contradictions()
        yield from marks_disagree(self)
        if self.from_ and self.to and self.from_ > self.to:
            yield "", f"from ({self.from_}) is after to ({self.to})."
        if (self.from_ or self.to) and not self.dated:
            yield "", "from and to need a column: set inputs.sales.columns.date."
        wide = self.layout.wide
        given = {"sales", wide.to} if wide else set()
        for name in ("product_id", "sales", "date"):
            column = getattr(self.columns, name)
            if name in given and column is not None:
                yield (
                    f"columns.{name}",
                    f"the layout is wide, so {name} is no column: leave it out.",
                )
            elif name not in given and name != "date" and column is None:
                yield f"columns.{name}", "this key is needed."

    @property
    def dated(self) -> bool:
        """Whether sales have a day."""
        wide = self.layout.wide
        return self.columns.date is not None or (wide is not None and wide.to == "date")


@dataclass(frozen=True)
class ProductColumns(Options):
    """Our column names and theirs."""

    product_id: str
    """Column that identifies the product."""
    need_state: str
    """Column with the need state."""
    category: str | None = None
    """Column with the category; null when `constants` gives it."""


@dataclass(frozen=True)
class ProductConstants(Options):
    """Values for columns that the file does not have."""

    category: str | None = None
    """One category for all products."""


@dataclass(frozen=True, kw_only=True)
class Products(Source):
    """Which category and need state a product belongs to.

    A product with n rows splits its sales evenly.
    """

    columns: ProductColumns
    """Our column names and theirs."""
    constants: ProductConstants = field(default_factory=ProductConstants)
    """Values for columns that the file does not have."""
    rows: Literal["unique", "distinct"] = "unique"
    """Whether identical rows are refused (`unique`) or used once (`distinct`)."""
    # No keys of this source, as it has neither numbers nor dates.
    decimal: ClassVar[Literal[".", ","]] = "."  # type: ignore[misc]
    thousands: ClassVar[None] = None  # type: ignore[misc]
    date_format: ClassVar[str | None] = None  # type: ignore[misc]

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Yield what does not agree: where the category is."""
        yield from super().contradictions()
        if (self.columns.category is None) == (self.constants.category is None):
            yield "", "give the category either in columns (theirs) or in constants."


@dataclass(frozen=True)
class ExternalColumns(Options):
    """Our column names and theirs."""

    store_id: str
    """Column that identifies the store."""
    date: str | None = None
    """Column with the day of a reading; needed for the rules `first` and `last`."""
    store_name: str | None = None
    """Column with the name of the store, to show; not a feature."""
    region: str | None = None
    """Column to filter stores by; a feature too, unless excluded."""
    latitude: str | None = None
    """Column with degrees north, for maps; a feature too, unless excluded."""
    longitude: str | None = None
    """Column with degrees east, for maps; a feature too, unless excluded."""


@dataclass(frozen=True, kw_only=True)
class External(Source):
    """A source of facts about stores; sources are outer-joined on the store."""

    name: Annotated[str, Pattern("^[A-Za-z][A-Za-z0-9_]*$")]
    """Name of the source; its features are called `name.column`."""
    columns: ExternalColumns
    """Our column names and theirs."""
    features: list[str] | None = None
    """Columns to use; null uses every other column."""
    exclude: list[str] = field(default_factory=list)
    """Columns not to use."""
    categorical: list[str] = field(default_factory=list)
    """Columns of numbers to use as categories."""
    rows: Literal["unique", "distinct", "mean", "median", "min", "max", "sum", "first", "last"] = (
        "unique"
    )
    """What to do with several rows per store. `unique` refuses them; `distinct` drops identical
    rows and refuses the rest; `first` and `last` take the first or last known value by
    `columns.date`; the others reduce numbers, and text takes its most frequent value."""

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Yield what does not agree: a reading by its date, and none."""
        yield from super().contradictions()
        yield from marks_disagree(self)
        if self.rows in {"first", "last"} and not self.columns.date:
            yield "", f"rows: {self.rows} needs columns.date."


@dataclass(frozen=True)
class Inputs(Options):
    """Where the data is and how the files are written."""

    sales: Sales
    """Sales by store and product, any number of rows per pair; returns are negative."""
    products: Products
    """Which category and need state a product belongs to; a product with n rows splits its sales
    evenly."""
    external: Annotated[list[External], MinLen(1)]
    """Any number of sources of facts about stores; outer-joined on the store."""

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Yield what does not agree: sources of one name."""
        names = [source.name for source in self.external]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield "external", f"two sources are called {name!r}."
