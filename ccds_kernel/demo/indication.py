"""Why a head CT was asked for, as the asking clinician puts it."""

from __future__ import annotations

from ccds_kernel.demo.case import Case, Setting, Side
from ccds_kernel.demo.chance import Draw
from ccds_kernel.demo.grammar import expand, sentences

BLEED = "[intracranial hemorrhage|ICH|bleed|hemorrhage|intracranial bleed|acute intracranial process]"
THINNER = "[warfarin|apixaban|rivaroxaban|clopidogrel|aspirin|aspirin and clopidogrel|dabigatran]"
WANT = "[Rule out|Evaluate for|Assess for|R/o|Please evaluate for|Concern for|Eval for|Query]"
ASK = f"[{WANT} {BLEED}[.|]|? {BLEED}|{BLEED}?]"

REASONS: dict[Setting, tuple[str, ...]] = {
    "trauma": (
        (
            f"<who> [status post|s/p|after] <fall>[ with head strike|, hit head|, + head strike|, loss of "
            f"consciousness|, brief LOC|"
            f", no LOC|, amnestic to event|]. {ASK}"
        ),
        (
            f"[Head trauma|Head injury|Closed head injury|Minor head trauma], [GCS 14|GCS 15|GCS "
            f"13|vomiting|headache|dizziness|"
            f"repetitive questioning|intoxicated]. {ASK}"
        ),
        f"<fall>[, headache|, neck pain|, confusion|, scalp laceration|, facial abrasions|]. {ASK}",
        "[Trauma|Trauma alert|Trauma activation, <fall>|<who>, <fall>|Fall].",
        f"<who> [found down|unwitnessed fall|<fall>], [on {THINNER}|unknown anticoagulation|not anticoagulated]. {ASK}",
    ),
    "headache": (
        (
            f"<who> with [sudden onset|severe|worst|thunderclap|new onset|acute] headache"
            f"[ and neck stiffness| and vomiting| and photophobia| since this morning|, worst of life|]. {ASK}"
        ),
        (
            f"[Headache|Severe headache|Thunderclap headache|Worst headache of life|Headache and vomiting|Persistent "
            f"headache]"
            f"[ x [2|3|5] days|, sudden onset|, hypertensive|, neuro exam normal|]. {WANT} [SAH|subarachnoid "
            f"hemorrhage|bleed]."
        ),
        (
            "[Headache[, nausea| and blurry vision| with exertion| post lumbar puncture|]|New daily headache|"
            "Migraine, change in pattern|Headache and hypertension][.|, concern for mass or bleed.]"
        ),
    ),
    "stroke": (
        (
            f"[Code stroke|Stroke alert|Acute stroke|Stroke protocol]. [<Side> sided weakness|<Side> facial "
            f"droop|Aphasia|Slurred speech|"
            f"<Side> arm weakness and dysarthria][, last known well [1|2|3|4|6] hours ago|, onset unclear|, "
            f"wake-up|]. [{ASK}|]"
        ),
        (
            "<who> with [acute|sudden|new] [<side> hemiparesis|<side> hemiplegia|<side> facial "
            "droop|aphasia|dysarthria|<side> arm numbness|"
            "gaze deviation][, NIHSS [4|7|12|18]|]. [Evaluate for stroke or bleed.|? CVA.|Stroke vs "
            "hemorrhage.|Candidate for tPA?]"
        ),
        (
            "[<Side> sided weakness|<Side> sided numbness|Transient aphasia, resolved|Slurred speech|TIA "
            "symptoms|Facial droop], "
            "[rule out stroke|? stroke|evaluate for infarct or hemorrhage|CVA]."
        ),
    ),
    "mental_status": (
        (
            f"[Altered mental status|AMS|Confusion|Acute confusion|Encephalopathy|Delirium|Unresponsive|Lethargy]"
            f"[ and fever| x 2 days|, found down|, urinary tract infection|, hyponatremia|, ICU patient|, unable to "
            f"give history|]. [{ASK}|]"
        ),
        (
            f"<who> with [confusion|altered mental status|decreased responsiveness|increasing somnolence|agitation]"
            f"[ after surgery| since yesterday| per nursing home staff|, on {THINNER}|]. {ASK}"
        ),
    ),
    "anticoagulated": (
        (
            f"<who> on {THINNER} [with headache|with a fall 2 days ago|with supratherapeutic INR|with INR of [4.1|5.6|3.8]|"
            f"and new confusion|with minor head bump]. {ASK}"
        ),
        f"[Fall|Mechanical fall|Headache|Dizziness|Confusion] on {THINNER}. {ASK}",
    ),
    "seizure": (
        (
            f"[New onset seizure|First time seizure|Seizure|Breakthrough seizure|Witnessed generalized seizure, "
            f"post-ictal|Status epilepticus]"
            f"[, now back to baseline|, alcohol withdrawal|, known epilepsy|, on levetiracetam|]. [{ASK}|Evaluate for "
            f"mass or bleed.|]"
        ),
        (
            "<who> with [first seizure|seizure and tongue bite|seizure, no prior history]. [Mass? Bleed?|Evaluate "
            "for structural cause.]"
        ),
    ),
    "syncope": (
        (
            f"[Syncope|Syncope and collapse|Presyncope|Dizziness|Vertigo|Dizziness and vomiting|Lightheaded, near syncope]"
            f"[, possible head strike|, no focal deficit|, bradycardia|, hypertension|]. [{ASK}|]"
        ),
        f"<who> with [syncope|vertigo|dizziness and unsteadiness|a syncopal episode at home]. {ASK}",
    ),
    "gait": (
        (
            "<who> with [gait instability|progressive gait difficulty|memory loss|cognitive decline|unsteady gait "
            "and incontinence]. "
            "[? NPH.|Evaluate for normal pressure hydrocephalus.|Evaluate for subdural or NPH.|Dementia "
            "workup.|Chronic subdural?]"
        ),
        (
            "[Memory loss|Dementia|Cognitive decline|Recurrent falls|Gait disturbance][, worsening over months|, "
            "work-up|]. "
            "[Evaluate for chronic subdural hematoma.|? structural cause.|]"
        ),
    ),
    "tumor": (
        (
            "[History of|Known|Metastatic] [lung|breast|renal|colon] [cancer|carcinoma]"
            "[, new headache|, confusion|, staging|, dizziness|, ataxia|, MRI contraindicated (pacemaker)|]. "
            "[Evaluate for brain metastases.|? mets.|Rule out metastatic disease.|]"
        ),
        (
            "<who> with [melanoma|lung cancer|breast cancer] and [headache|new seizure|unsteadiness]. [Metastasis or "
            "bleed?|Mets?|R/o mets.]"
        ),
    ),
    "infection": (
        (
            "[Fever and headache|Sinusitis with headache|Ear pain and fever|Bacteremia, headache|HIV, headache]. "
            "[Rule out abscess.|? abscess or empyema.|Evaluate for intracranial extension.]"
        ),
    ),
}
FALLS = (
    "[fall|ground-level fall|mechanical fall|fall from standing|fall in bathroom|fall down stairs|fall from "
    "ladder|fall from bed|"
    "motor vehicle collision|MVC|bicycle accident|struck by car|assault|sports injury|skiing accident|hit by "
    "cabinet door]"
)
YOUNG_FALLS = (
    "[fall down stairs|fall from bike|MVC|motor vehicle collision|"
    "assault|sports injury|skiing accident|fall while intoxicated|struck by car]"
)
OLD_FALLS = (
    "[fall|ground-level fall|mechanical fall|unwitnessed fall|"
    "fall in bathroom|fall from bed|fall on stairs|fall at nursing home|trip and fall]"
)

FOLLOW_UPS = (
    (
        "[Follow-up|F/u|Follow up|Repeat CT for|Interval change in|Known|Evaluate stability of|<Days> follow-up of] "
        "<before>[.|, evaluate for interval change.|"
        ", stability.|, neuro exam unchanged.|, increased lethargy.|, on levetiracetam.|]"
    ),
    (
        "<who> with [known|recent] <before>[, stability scan|, pre-op planning|, routine follow-up|, worsening "
        "headache|, clinically improved]. "
        "[Evaluate for interval change.|Interval change?|Stability.|]"
    ),
)
REPEATS = (
    (
        "[Persistent|Ongoing|Continued] [symptoms|headache|confusion|dizziness] [since prior CT|after recent "
        "negative CT|, repeat exam]. "
        f"[{ASK}|]"
    ),
    (
        "[Delayed bleed on anticoagulation?|Repeat CT, r/o delayed hemorrhage.|Neuro change, rule out new "
        "bleed.|Repeat CT per head injury protocol.]"
    ),
)
BEFORE = {
    "subdural": "[subdural hematoma|SDH|subdural]",
    "epidural": "[epidural hematoma|EDH]",
    "subarachnoid": "[SAH|subarachnoid hemorrhage|subarachnoid bleed]",
    "intraparenchymal": "[intracranial hemorrhage|ICH|intraparenchymal hemorrhage|<site> hemorrhage]",
    "intraventricular": "[intraventricular hemorrhage|IVH]",
}


def who(case: Case) -> str:
    """The patient as an indication opens: age and sex, often left out."""
    woman = case.sex == "F"
    letter, noun, adjective = ("F", "woman", "female") if woman else ("M", "man", "male")
    return (
        f"[{case.age}-year-old {noun}|{case.age}-year-old {adjective}|{case.age} yo {letter}|{case.age}{letter}|"
        f"{case.age} y/o {adjective}]"
    )


def weak_side(case: Case) -> Side:
    """The side of the body that is weak: across from the lesion, where there is one in the brain."""
    lesion = case.side_of("acute_infarct") or next((bleed.side for bleed in case.bleeds), None) or "left"
    return "left" if lesion == "right" else "right"


def indication(case: Case, draw: Draw) -> str:
    """The indication of one study, 1 or 2 sentences."""
    fields = {"who": who(case), "side": weak_side(case), "Side": weak_side(case).capitalize(), "fall": _fall(case)}
    templates = REASONS[case.setting]
    if case.follow_up:
        templates = REPEATS
        if case.follow_up.before:
            templates, bleed = FOLLOW_UPS, case.follow_up.before[0]
            fields |= {"before": BEFORE[bleed.kind], "site": bleed.site.removesuffix(" lobe")}
            fields["Days"] = {1: "24 hour", 2: "48 hour"}.get(case.follow_up.days, f"{case.follow_up.days} day")
    return sentences(expand(draw.one(templates), draw, fields))


def _fall(case: Case) -> str:
    young, old = 45, 70
    if case.age < young:
        return YOUNG_FALLS
    return OLD_FALLS if case.age > old else FALLS
