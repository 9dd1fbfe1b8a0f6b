"""How far the data can be trusted."""

from reports.figures import Column, Figure, Section, day, minute, whole
from reports.marts import Marts
from sources.rawg.ledger import RequestLedger

LISTED_CHANGES = 20


def health(marts: Marts, ledger: RequestLedger) -> Section:
    """How far the data can be trusted."""
    windows = marts.row("""
        SELECT
            count(*) AS windows,
            count(CASE WHEN status = 'complete' THEN 1 END) AS complete_windows,
            coalesce(sum(expected_count), 0) AS counted_games,
            coalesce(sum(seen_count), 0) AS seen_games,
            coalesce(sum(missing_count), 0) AS missing_games,
            max(walked_at) AS walked_at,
            max(CASE WHEN status = 'complete' THEN updated_to_date END) AS complete_until
        FROM market.load_completeness
    """)
    changes = marts.rows(f"""
        SELECT table_name, column_name, change_kind, data_type, noticed_at
        FROM market.field_changes
        ORDER BY noticed_at DESC, table_name, column_name
        LIMIT {LISTED_CHANGES}
    """)
    facts = [
        ("Last walk over RAWG's games", windows["walked_at"] and minute(windows["walked_at"])),
        ("News are complete up to", windows["complete_until"] and day(windows["complete_until"])),
        ("Windows of days walked", whole(windows["windows"])),
        ("... of them complete", whole(windows["complete_windows"])),
        ("Games that RAWG counted in them", whole(windows["counted_games"])),
        ("Games seen in them", whole(windows["seen_games"])),
        ("Games seen and lost", whole(windows["missing_games"])),
        ("Requests this month", whole(ledger.used_this_month)),
        ("... of at most", whole(ledger.monthly_limit)),
    ]
    trust = Figure(
        title="Freshness, completeness, requests",
        mart="market.load_completeness",
        sample=f"{windows['windows']:,} windows",
        caveat="Windows overlap when days are walked again, and then count their games twice. Requests come from the"
        " ledger in the lake.",
        columns=[Column("fact", "What"), Column("value", "Value")],
        rows=[{"fact": fact, "value": value} for fact, value in facts] if windows["windows"] else [],
        otherwise="No window of days was walked yet.",
        is_list=True,
    )
    news = Figure(
        title="What RAWG changed",
        mart="market.field_changes",
        sample=f"the newest {len(changes)} changes" if changes else "no change",
        caveat="New fields appear by themselves. A field that came with another type is the one to look at.",
        columns=[
            Column("table_name", "Table"),
            Column("column_name", "Column"),
            Column("change_kind", "Change"),
            Column("data_type", "Type"),
            Column("noticed_at", "Noticed", minute),
        ],
        rows=changes,
        otherwise="RAWG sends what this version knows, and nothing else.",
        is_list=True,
    )
    complete = windows["windows"] and windows["windows"] == windows["complete_windows"] and not windows["missing_games"]
    answer = (
        "Everything that RAWG counted is here." if complete else "Not everything that RAWG counted is here; see below."
    )
    return Section("health", "Can the numbers be trusted?", answer, [trust, news])
