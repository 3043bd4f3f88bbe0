"""Where an instance keeps its data and its ledger, as the definitions tell it without giving it away."""

import hashlib
import re

from fbcheck_pipeline.defs.resources import FbcheckResource
from fbcheck_pipeline.errors import SettingsError

PLACES = "fbcheck/places"
"""Metadata of the asset that buys."""


def places_of(fbcheck: FbcheckResource) -> str:
    """Short hashes of the data root and of the ledger's address, without who logs in there.

    Empty where no place is written, or a variable is unset: only a run tells then.
    """
    if not (fbcheck.data_uri or fbcheck.ledger_url):
        return ""
    try:
        settings = fbcheck.settings_named("data_uri", "ledger_url")
    except SettingsError:
        return ""
    addresses = (settings.data_uri, re.sub(r"//[^/@]*@", "//", settings.ledger_address))
    return " ".join(hashlib.sha256(each.encode()).hexdigest()[:16] for each in addresses)
