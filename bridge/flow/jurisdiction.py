"""A city as the flow sees it: its endpoint, its services, what understands its residents, its rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bridge.flow.alarms import Alarms
from bridge.flow.duty import Duty
from bridge.ports import City, Classifier, Locator
from bridge.vocabulary import Policy, Service


@dataclass
class Jurisdiction:
    """One `[[city]]`. `offer` replaces the services together with the classifier bound to them.

    `detect` tells the language of a text: (text, current language) -> one of `languages`; `written` any, "" for
    one that the classifier does not read. A fresh report's status is asked for every `poll_every`. A POST
    that timed out may still be under way at the city, so it is looked up only `settle_after` it was made. `alarms`
    hears words of an emergency in a text; `duty` says when staff are in. `contact_needed` names the contact fields
    without which this city refuses a report (`first_name`, `last_name`, `email`, `phone`). `service_names` are
    what residents of a language call services, by language and service code, where the city's own name is another;
    `usual_names` what services are usually called, by language and the name they are listed under, in lower case.
    `holds` says whether a point (lat, long) is within the city's boundary; None: it has none.
    """

    id: str
    name: str
    endpoint: City
    locator: Locator
    bind_classifier: Callable[[Sequence[Service]], Classifier]
    detect: Callable[[str, str], str]
    written: Callable[[str, str], str] = lambda text, language: language
    languages: tuple[str, ...] = ("en",)
    time_zone: str = "UTC"
    contact_needed: tuple[str, ...] = ()
    policy: Policy = field(default_factory=Policy)
    alarms: Alarms = field(default_factory=Alarms)
    duty: Duty = field(default_factory=Duty)
    poll_every: timedelta = timedelta(minutes=15)
    settle_after: timedelta = timedelta(minutes=1)
    services: Mapping[str, Service] = field(default_factory=dict)
    service_names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    usual_names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    classifier: Classifier | None = None
    holds: Callable[[float, float], bool] | None = None
    model_id: str = ""  # the blob the classifier was bound from

    def called(self, language: str) -> Mapping[str, str]:
        """What services are called in a language, by the city's own names."""
        own, usual = self.service_names.get(language, {}), self.usual_names.get(language, {})
        listed = {code: service.service_name for code, service in self.services.items()}
        return {name: said for code, name in listed.items() if (said := own.get(code) or usual.get(name.lower()))}

    def offer(self, services: Sequence[Service]) -> None:
        """Takes the city's current service list."""
        self.services = {service.service_code: service for service in services}
        self.classifier = self.bind_classifier(services)
