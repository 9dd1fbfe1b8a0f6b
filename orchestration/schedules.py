"""When jobs run, in UTC, as RAWG counts. All are off until somebody turns them on: they spend the month's requests."""

import dagster as dg

from orchestration.jobs import daily_refresh, monthly_reconciliation, weekly_details

SCHEDULES = [
    dg.ScheduleDefinition(job=daily_refresh, cron_schedule="0 2 * * *", execution_timezone="UTC"),
    dg.ScheduleDefinition(job=weekly_details, cron_schedule="0 4 * * 0", execution_timezone="UTC"),
    # late enough to know what the month leaves over
    dg.ScheduleDefinition(job=monthly_reconciliation, cron_schedule="0 6 28 * *", execution_timezone="UTC"),
]
