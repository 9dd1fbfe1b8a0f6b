"""What happens when a run fails."""

import os

import dagster as dg
import requests

WEBHOOK = "ALERT_WEBHOOK_URL"
"""Variable with the address that gets a JSON message; Slack, Mattermost and their like take its `text`."""
TIMEOUT = 10.0
"""Seconds."""


@dg.run_failure_sensor(
    name="failure_alert",
    description=f"Posts what failed, and why, to {WEBHOOK}.",
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def failure_alert(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
    """Posts one message a failed run."""
    address = os.environ.get(WEBHOOK)
    if not address:
        return dg.SkipReason(f"{WEBHOOK} is not set.")
    run = context.dagster_run
    reasons = [
        event.step_failure_data.user_failure_data.description
        for event in context.get_step_failure_events()
        if event.step_failure_data.user_failure_data
    ]
    reason = " ".join(filter(None, reasons)) or context.failure_event.message
    message = {"text": f"{run.job_name} failed: {reason}", "job": run.job_name, "run_id": run.run_id, "reason": reason}
    requests.post(address, json=message, timeout=TIMEOUT).raise_for_status()
    return None


SENSORS = [failure_alert]
