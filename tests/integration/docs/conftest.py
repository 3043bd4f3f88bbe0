from tests.integration.cli.conftest import fbcheck as fbcheck
