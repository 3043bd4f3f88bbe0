"""What a daemon loads in a test: each module is a code location. Its sensors look every few seconds, so that the test takes one minute, not four."""

from fbcheck_pipeline.defs import sensors, source_sensor
from fbcheck_pipeline.settings import Settings

sensors.INBOX_SECONDS = sensors.EXPORTED_SECONDS = source_sensor.SECONDS = 3
Settings.model_fields["poll_seconds"].default = 1.0
Settings.model_rebuild(force=True)
