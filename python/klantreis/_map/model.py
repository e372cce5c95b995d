# SPDX-License-Identifier: MIT
"""The content of a map, as pydantic models: one class for each kind of part."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from klantreis._map.fields import (
    Duration,
    Id,
    Ids,
    Measure,
    OneOrMore,
    OneOrMoreTexts,
    Part,
    Rule,
    Share,
    Text,
    Texts,
    empty_if_null,
)


class Goal(Part):
    """What somebody wants to reach, and the KPI that tells."""

    short: ClassVar[str | None] = "text"
    text: Text
    kpi: Id | None = None


class Goals(Part):
    """The goals of company and customer, which are two things."""

    company: Goal | None = None
    customer: Goal | None = None


class Scope(Part):
    """The part of the journey that the map is about: first and last phase."""

    from_: Id = Field(alias="from")
    to: Id


class Journey(Part):
    """What the map is about."""

    id: Id
    name: Text | None = None
    description: Text | None = None
    language: Text | None = None
    template: Text | None = Field(None, description="The template that the map started from.")
    version: Text | None = None
    draft: bool = Field(False, description="A map in the making: an onstage touchpoint may still lack a need.")
    state: Literal["current", "future"] = Field("current", description="As it is, or as it shall be.")
    perspective: Literal["customer"] = Field("customer", description="Rows of a map are steps of the customer.")
    business: Literal["b2c", "b2b", "mixed"] = "b2c"
    currency: Text | None = None
    timezone: Text | None = None
    scope: Scope | None = None
    owner: Text | None = None
    goals: Goals | None = None


class Research(Part):
    """A source that claims of the map refer to with ``evidence``."""

    id: Id
    name: Text | None = None
    kind: Literal["desk", "field", "data", "assumption"]
    method: Text | None = None
    n: Annotated[int, Field(ge=0)] | None = None
    date: Text | None = None
    source: Text | None = None
    note: Text | None = None


class Segment(Part):
    """Customers who are alike, by a rule."""

    id: Id
    name: Text | None = None
    description: Text | None = None
    where: Rule


class Demographics(Part):
    """Who a persona is."""

    age: Annotated[list[float], Field(min_length=2, max_length=2)] | None = None
    education: Text | None = None
    region: Text | None = None
    household: Text | None = None
    income: Text | None = None
    occupation: Text | None = None


class Company(Part):
    """The company of a B2B persona."""

    size: Annotated[list[float], Field(min_length=2, max_length=2)] | None = None
    sector: Text | None = None
    kind: Text | None = None
    region: Text | None = None


class Criterion(Part):
    """What a persona chooses by; the weights of a persona add up to 1."""

    id: Id
    name: Text | None = None
    weight: Annotated[float, Field(ge=0)] | None = None


class Persona(Part):
    """A typical customer."""

    id: Id
    name: Text | None = None
    description: Text | None = None
    kind: Literal["b2c", "b2b"] | None = None
    share: Share | None = None
    demographics: Demographics | None = None
    company: Company | None = None
    problem: Text | None = None
    solution: Text | None = None
    goals: Texts = []
    criteria: Annotated[list[Criterion], BeforeValidator(empty_if_null)] = []
    segment: Id | None = None
    quote: Text | None = None
    note: Text | None = None
    evidence: Ids = []


class Role(Part):
    """What a person does in a purchase."""

    id: Id
    name: Text | None = None
    description: Text | None = None
    kind: Literal["decision_maker", "influencer", "approver", "user", "customer"]
    budget_control: Literal["primary", "shared", "none"] | None = None
    group: Annotated[Texts, Field(description="family, partner, friends, colleagues, celebrity, or own groups.")] = []
    influences: Ids = Field([], description="The roles that this one advises.")
    may_delegate: bool = False
    note: Text | None = None


class Member(Part):
    """How many persons of a role a buying group has."""

    role: Id
    min: Annotated[int, Field(ge=0)] = 0
    max: Annotated[int, Field(ge=1)] | None = None


class Requires(Part):
    """Who must agree at a gate: all of some roles, or at least so many of them."""

    all_of: Ids = []
    at_least: Annotated[int, Field(ge=1)] | None = None
    of: Ids = []


class Gate(Part):
    """An approval before a phase."""

    id: Id
    name: Text | None = None
    before: Id
    requires: Requires
    event: Rule | None = None
    timeout: Duration | None = None


class BuyingGroup(Part):
    """Who buys together."""

    id: Id
    name: Text | None = None
    when: Rule | None = None
    behaves_as: Literal["b2c", "b2b"] | None = None
    expected_size: Annotated[int, Field(ge=1)] | None = None
    members: Annotated[list[Member], Field(min_length=1)]
    gates: Annotated[list[Gate], BeforeValidator(empty_if_null)] = []


class Channel(Part):
    """The medium of touchpoints."""

    id: Id
    name: Text | None = None
    aliases: Texts = []
    description: Text | None = None
    owned: Literal["owned", "paid", "earned"] | None = None
    medium: Text | None = None
    measured: bool = Field(True, description="Whether the channel leaves events of customers; radio does not.")
    opening_hours: Text | None = None


class Need(Part):
    """What customers want in a phase."""

    id: Id
    text: Text
    evidence: Ids = []


class Emotion(Part):
    """How customers are expected to feel: from -2 to +2, and what drives it."""

    expected: Annotated[float, Field(ge=-2, le=2)] | None = None
    driver: Text | None = None
    evidence: Ids = []


class External(Part):
    """A figure from outside that goes with a phase and is never mixed with figures of customers."""

    id: Id
    name: Text | None = None
    source: Id | None = None
    controllable: bool = False
    note: Text | None = None


class Exits(Part):
    """How customers leave a phase."""

    inactivity: Duration | None = None
    reasons: Ids = []
    note: Text | None = None


class Phase(Part):
    """A step of the journey, in the order of the file."""

    id: Id
    name: Text | None = None
    aliases: Texts = []
    description: Text | None = None
    part: Text | None = Field(None, description="The part of the buying process that the phase is.")
    rollup: dict[Id, Id] = Field({}, description="Its phase at coarser levels, as in {p5: retention, p3: decision}.")
    measured: bool = Field(True, description="False where customers are not known yet.")
    owner: Text | None = None
    goals: Goals | None = None
    channels: Ids = Field([], description="Channels of the phase beside those of its touchpoints.")
    needs: Annotated[list[Need], BeforeValidator(empty_if_null)] = []
    questions: Texts = []
    emotion: Emotion | None = None
    customer_actions: Texts = []
    company_actions: Texts = []
    problems: Texts = []
    opportunities: Texts = []
    external: Annotated[list[External], BeforeValidator(empty_if_null)] = []
    exits: Exits | None = None
    kpis: Ids = []
    note: Text | None = None
    evidence: Ids = []


class Events(Part):
    """How a table of events becomes journeys."""

    columns: dict[str, Text] = Field(description="The column of the data for each name that rules and figures use.")
    dedupe: Annotated[Texts, Field(description="Columns in which equal events count once.")] = []
    ties: Text = Field("file_order", description="file_order, or the column that orders events of one instant.")
    session_gap: Duration | None = None
    unmatched: Literal["report", "drop", "error"] = "report"
    exclude: Annotated[list[Rule], BeforeValidator(empty_if_null)] = []


class OutcomeRule(Part):
    """When an exit is taken to have happened."""

    inactivity: Duration


class Outcome(Part):
    """How a journey ends well, or ends."""

    id: Id
    name: Text | None = None
    role: Literal["conversion", "exit"] = "conversion"
    match: Rule | None = Field(None, description="Default for a conversion: the event has the id as its name.")
    value: Text | None = Field(None, description="The column of the value.")
    primary: bool = False
    rule: OutcomeRule | None = None
    resumable: bool = Field(False, description="Whether who comes back goes on with the same journey.")


class When(Part):
    """A touchpoint that counts only before or only after an outcome."""

    after: Id | None = None
    before: Id | None = None


class ServiceLevel(Part):
    """The longest time that something may take."""

    max: Duration


class IssueTracking(Part):
    """Contacts about the same issue."""

    issue: Text
    window: Duration | None = None


class MeasuresEmotion(Part):
    """A touchpoint at which customers say how they feel."""

    score: Text
    scale: Literal["nps", "csat", "ces", "stars", "emotion"] | None = None
    low: float | None = Field(None, description="The lowest answer, where the scale has other ends.")
    high: float | None = None


class Touchpoint(Part):
    """Where customer and company meet, or what happens backstage to make it so."""

    id: Id
    name: Text | None = None
    description: Text | None = None
    phase: Id
    channel: OneOrMore = []
    stage: Literal["onstage", "offstage"] = "onstage"
    owner: Text | None = None
    roles: Ids = []
    need: OneOrMore = Field([], description="The need that it serves, or several.")
    criteria: Ids = Field([], description="The criteria of personas that it answers.")
    cta: bool = Field(False, description="A call to action.")
    hurdle: bool = Field(False, description="A step that costs the customer effort.")
    controllable: bool = True
    make_or_break: Literal["expected", "no"] | None = None
    match: Rule | None = Field(None, description="Default: the event has the id as its name.")
    when: When | None = None
    emotion: Emotion | None = None
    kpis: Ids = []
    supports: Ids = Field([], description="Of an offstage touchpoint: the onstage ones that it makes possible.")
    sla: ServiceLevel | None = None
    issue_tracking: IssueTracking | None = None
    measures_emotion: MeasuresEmotion | None = None
    problems: Texts = []
    opportunities: Texts = []
    note: Text | None = None
    evidence: Ids = []


class Transition(Part):
    """A designed step from phase to phase."""

    from_: Id = Field(alias="from")
    to: Id
    expected: Share | None = None
    max_time: Duration | None = None
    kind: Literal["forward", "back", "loop", "referral", "skip"] = "forward"
    note: Text | None = None


class Handoff(Part):
    """To whom a contact is passed on."""

    from_: Id = Field(alias="from")
    to: OneOrMore


class Branch(Part):
    """What a customer may do when something goes wrong."""

    id: Id
    name: Text | None = None
    then: Id | None = None
    via: OneOrMore = []
    handoffs: Annotated[list[Handoff], BeforeValidator(empty_if_null)] = []
    resolutions: Texts = []


class Scenario(Part):
    """What if it goes wrong."""

    id: Id
    name: Text | None = None
    description: Text | None = None
    trigger: Rule
    branches: Annotated[list[Branch], Field(min_length=1)]


class Kpi(Part):
    """A figure with its target; an entry for a KPI of the library may set the target only."""

    id: Id
    name: Text | None = None
    description: Text | None = None
    source: Literal["events", "aggregate", "target"] | None = None
    measure: Measure | None = None
    unit: Text | None = None
    direction: Literal["up", "down"] | None = None
    target: float | None = None
    ci: Text | None = Field(None, description="How its interval is made.")
    phase: Id | None = None
    touchpoint: Id | None = None
    note: Text | None = None
    evidence: Ids = []


class Benchmark(Part):
    """A figure of somebody else, shown beside the measured one."""

    id: Id
    name: Text | None = None
    value: float
    measured_as: dict[str, Any] | None = None
    kpi: Id | None = None
    unit: Text | None = None
    source: Text
    note: Text | None = None


class Assignment(Part):
    """Who gets which variant."""

    column: Text
    control: Text
    variants: Annotated[list[Text], Field(min_length=1)]


class Guardrail(Part):
    """A KPI that an experiment must not harm."""

    kpi: Id
    max_worse: Annotated[float, Field(ge=0)]


class Stop(Part):
    """When an experiment is over."""

    min_per_arm: Annotated[int, Field(ge=1)] | None = None
    alpha: Annotated[float, Field(gt=0, lt=1)] | None = None


class Experiment(Part):
    """A change that is tried on a part of the customers."""

    id: Id
    name: Text | None = None
    hypothesis: Text | None = None
    touchpoint: Id | None = None
    phase: Id | None = None
    assignment: Assignment | None = None
    metric: Id
    guardrails: Annotated[list[Guardrail], BeforeValidator(empty_if_null)] = []
    backup: Id | None = Field(None, description="The snapshot to return to.")
    stop: Stop | None = None
    note: Text | None = None


class Snapshot(Part):
    """An earlier version of the map."""

    id: Id
    taken: Text | None = None
    file: Text
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    note: Text | None = None


class Sharing(Part):
    """What an audience gets to see."""

    audience: Id
    name: Text | None = None
    phases: OneOrMore = Field(["all"], description="Ids of phases, or `all`.")
    owner: OneOrMoreTexts = Field([], description="Only the touchpoints of these owners.")
    note: Text | None = None


class Content(Part):
    """A whole map."""

    klantreis: Literal[1] = Field(description="The version of the format.")
    journey: Journey
    research: Annotated[list[Research], BeforeValidator(empty_if_null)] = []
    segments: Annotated[list[Segment], BeforeValidator(empty_if_null)] = []
    personas: Annotated[list[Persona], BeforeValidator(empty_if_null)] = []
    roles: Annotated[list[Role], BeforeValidator(empty_if_null)] = []
    buying_groups: Annotated[list[BuyingGroup], BeforeValidator(empty_if_null)] = []
    channels: Annotated[list[Channel], BeforeValidator(empty_if_null)] = []
    phases: Annotated[list[Phase], BeforeValidator(empty_if_null), Field(min_length=1)]
    events: Events | None = None
    outcomes: Annotated[list[Outcome], BeforeValidator(empty_if_null)] = []
    touchpoints: Annotated[list[Touchpoint], BeforeValidator(empty_if_null)] = []
    transitions: Annotated[list[Transition], BeforeValidator(empty_if_null)] = []
    scenarios: Annotated[list[Scenario], BeforeValidator(empty_if_null)] = []
    kpis: Annotated[list[Kpi], BeforeValidator(empty_if_null)] = []
    benchmarks: Annotated[list[Benchmark], BeforeValidator(empty_if_null)] = []
    experiments: Annotated[list[Experiment], BeforeValidator(empty_if_null)] = []
    snapshots: Annotated[list[Snapshot], BeforeValidator(empty_if_null)] = []
    sharing: Annotated[list[Sharing], BeforeValidator(empty_if_null)] = []
