"""Pictures of a run: tables in, matplotlib figures out."""
