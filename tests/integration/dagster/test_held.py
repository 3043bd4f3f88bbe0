"""A list nearly all of which is rejected, where nobody watches: its check fails and says why, it waits, and all else goes on."""

from typing import Any

import dagster as dg

from fbcheck_pipeline.defs.requests import due_requests
from fbcheck_pipeline.workflow.collection.due import due_work
from tests.fake_vendor import FakeVendor
from tests.integration.dagster.dagster_driver import STANDING_ALONE, DagsterDriver, inbox_sensor, nightly_enrichment, swiss
from tests.integration.dagster.test_sensors import NIGHT, tick

JUNK = [*["12"] * 30, *swiss(3)]


def checks_of(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    return {each.check_name: each for each in result.get_asset_check_evaluations()}


def test_a_held_list_fails_its_check_and_waits_while_others_go_on(driver: DagsterDriver, vendor: FakeVendor) -> None:
    """Neither a tick nor a night asks for it again; a person's word in the launchpad, or `fbcheck run --yes`, lets it go."""
    junk = driver.drop("junk.csv", JUNK)
    result = driver.run("submit_list", junk)
    check = checks_of(result)["reading_is_plausible"]
    assert result.success and not check.passed and check.severity is dg.AssetCheckSeverity.ERROR
    assert "30 of 33 cells" in (check.description or "") and f"fbcheck run {junk} --yes" in (check.description or "")
    assert "Phone column 'phone'" in str(check.metadata["read_so"].value)
    good = driver.complete("good.csv", swiss(20, start=100))
    assert driver.ws.ledger.phone_list(good).is_complete and set(vendor.accepted) == set(swiss(20, start=100))

    assert not due_requests(driver.instance, STANDING_ALONE, driver.ws, due_work(driver.ws.ledger)).wanted, (
        "the join that shows why is done"
    )
    skipped: Any = tick(inbox_sensor, driver.instance, driver.fbcheck)
    assert isinstance(skipped, dg.SkipReason) and "junk.csv: held, nothing of it is billed" in (skipped.skip_message or "")
    with dg.build_schedule_context(
        instance=driver.instance, resources={"fbcheck": driver.fbcheck}, scheduled_execution_time=NIGHT
    ) as context:
        assert isinstance(nightly_enrichment(context), dg.SkipReason)

    confirmed = {"ops": {"submitted_chunks": {"config": {"confirmed": True}}}}
    selection = [dg.AssetKey("submitted_chunks")]
    result = driver.run("submit_list", junk, run_config=confirmed, asset_selection=selection)
    assert result.success and checks_of(result)["reading_is_plausible"].passed
    driver.finish()
    assert driver.ws.ledger.phone_list(junk).is_complete and vendor.most_per_phone == 1
