"""The market report: one self-contained HTML page built from the market marts."""
