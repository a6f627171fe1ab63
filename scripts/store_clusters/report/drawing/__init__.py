"""How pictures are drawn: tables in, matplotlib figures out."""
