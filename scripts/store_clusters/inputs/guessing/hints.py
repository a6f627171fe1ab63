"""What the name of a column says of it, in several languages: a hint, never the only evidence."""

import re
import unicodedata
from functools import cache

WORDS = {
    "store": "store shop outlet filiale filial markt laden site branch location magasin boutique "
    "tienda sucursal negozio punto winkel loja butik standort str",
    "product": "product sku item upc ean gtin article artikel produkt produit producto prodotto "
    "produto articulo articolo barcode plu prod art dept",
    "money": "sales amount revenue turnover umsatz betrag erlos erloes spend dollars value ventes "
    "vente montant ca importe ventas venta facturacion fatturato importo vendite omzet bedrag "
    "receita vendas euro eur usd",
    "quantity": "qty quantity units unit menge anzahl stuck stueck bottles count cantidad quantite "
    "unidades pieces aantal price preis prix precio prezzo cost kosten tax discount margin rabatt "
    "volume baskets transactions receipts bons",
    "day": "date day month week period datum tag monat woche zeitraum jour mois semaine fecha dia "
    "mes semana data giorno mese settimana maand time",
    "category": "category categories kategorie warengruppe wgr categorie categoria department dept "
    "division family famille familie familia rayon sortiment cat catg ctgy ctg",
    "need": "need needstate beduerfnis bedurfnis bedarf besoin necesidad bisogno behoefte anlass "
    "subcategory subkategorie unterkategorie untergruppe souscategorie subcategoria sub segment "
    "class subc subcat subcatg subctgy subclass",
    "name": "name bezeichnung description beschreibung nom nombre nome naam libelle titel title",
    "region": "region state county bundesland province provincia provincie departement district "
    "kanton canton gebiet estado regione regio",
    "latitude": "latitude lat breitengrad latitud latitudine breedtegraad",
    "longitude": "longitude lon lng long laengengrad langengrad longitud longitudine lengtegraad",
    "code": "code zip zip5 plz postcode postal postleitzahl phone telefon telephone cp cap id nr "
    "number nummer numero",
    "maker": "vendor manufacturer brand supplier maker marke hersteller lieferant marque marca "
    "fournisseur proveedor fornitore merk size groesse taglia taille proof pack packung",
    "place": "address adresse strasse street city stadt ville ciudad ort town comune",
}
LONG = 5  # letters from which a word counts within another, as in Filialnummer
ENDING = 4  # or at its end, as in Filialname


@cache
def hint(name: str, role: str) -> float:
    """Return from 0 to 1 how much a name sounds like a role."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", _plain(name))
    parts = [part.lower() for part in parts]
    whole = "".join(parts)
    words = WORDS[role].split()
    if any(part in words or part.removesuffix("s") in words for part in parts) or whole in words:
        return 1.0
    within = (len(word) >= LONG and word in whole for word in words)
    ends = (len(word) >= ENDING and whole.endswith(word) for word in words)
    return 0.7 if any(within) or any(ends) else 0.0


def contrast(name: str, role: str, *others: str) -> float:
    """Return from -1 to 1 how much more a name sounds like a role than like others."""
    return hint(name, role) - max((hint(name, other) for other in others), default=0.0)


def _plain(name: str) -> str:
    """Return a name without accents."""
    letters = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
