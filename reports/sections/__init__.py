"""What the page asks of the market marts, section by section."""

from reports.figures import Section
from reports.marts import Marts
from reports.sections.completion import completion
from reports.sections.demand import breakouts, wanted
from reports.sections.health import health
from reports.sections.platforms import platforms
from reports.sections.quality import critics, studios
from reports.sections.releases import releases
from reports.sections.trends import trends
from sources.rawg.ledger import RequestLedger
from sources.rawg.rows import Row


def all_sections(marts: Marts, ledger: RequestLedger) -> list[Section]:
    """The sections of the page, in order."""
    return [
        releases(marts),
        trends(marts),
        platforms(marts),
        wanted(marts),
        breakouts(marts),
        critics(marts),
        studios(marts),
        completion(marts),
        health(marts, ledger),
    ]


def headline(marts: Marts) -> Row:
    """The numbers on top of the page, and `as_of_date`, the day of the last load."""
    return marts.row("""
        SELECT
            max(as_of_date) AS as_of_date,
            count(*) AS games,
            count(CASE WHEN release_date <= as_of_date AND as_of_date - release_date < 28 THEN 1 END) AS new_games,
            count(CASE WHEN release_status = 'upcoming' THEN 1 END) AS upcoming_games,
            count(CASE WHEN NOT is_small_sample THEN 1 END) AS rated_games,
            coalesce(sum(added_count), 0) AS added
        FROM market.game_scores
    """)
