"""What impressions and addenda say about hemorrhage: the templates, and nothing else."""

from __future__ import annotations

from ccds_kernel.demo.case import Change, Kind

ACUTE: dict[Kind, tuple[str, ...]] = {
    "subdural": (
        (
            "<extent> <density> <side> [<site> |cerebral convexity |convexity |]subdural "
            "[hematoma|hemorrhage|hematoma]<short>."
        ),
        "<side> [<site> |]subdural hematoma, [<mm> mm in thickness|measuring up to <mm> mm]<push>.",
        "<density> subdural [hematoma|hemorrhage] along the <side> [cerebral hemisphere|convexity]<short><push>.",
    ),
    "epidural": (
        "Acute <side> <site> epidural hematoma<short><push>. [Neurosurgical consultation recommended.|]",
        "<extent> <side> epidural hematoma<push>.",
    ),
    "subarachnoid": (
        "<extent> [acute |]subarachnoid hemorrhage in the <side> <site>.",
        "[Acute |]<side> subarachnoid hemorrhage[, <extent>|]. <next>",
        "[Positive for|Findings of] subarachnoid [hemorrhage|blood], <side> <site>.",
    ),
    "intraparenchymal": (
        "Acute <side> <where> [intraparenchymal hemorrhage|hemorrhage|hematoma]<push>. <next>",
        "<size> <side> <where> [hemorrhage|parenchymal hematoma]<push>.",
        "[Acute intraparenchymal|Parenchymal] hemorrhage, <side> <site><push>.",
    ),
    "intraventricular": (
        "<extent> intraventricular hemorrhage[, <side> lateral ventricle|]. [No hydrocephalus.|]",
        "Intraventricular [extension of hemorrhage|blood products] in the <side> lateral ventricle.",
    ),
}
CONTUSION = ("<side> <where> hemorrhagic contusion[, <size>|].", "<size> hemorrhagic contusion in the <side> <site>.")
SHORT = "[ measuring <mm> mm|, <mm> mm||]"
PUSH = "[ with <shift> mm [of |]<toward> midline shift| and <shift> mm midline shift]"
NO_PUSH = "[, without midline shift| without significant mass effect|||]"

NEXT = {
    "subarachnoid": "[CTA head recommended to evaluate for aneurysm.|CTA recommended.|]",
    "basal ganglia": "[Likely hypertensive in etiology.|]",
    "thalamus": "[Likely hypertensive in etiology.|]",
    "intraparenchymal": "[Follow-up MRI recommended to exclude underlying lesion.|CTA recommended.|]",
}
"""By site, else by kind: what is likely or to be done next, outside trauma."""

HEDGED = (
    (
        "[Possible|Suspected|Probable] [small|trace|tiny] <side> <name>. [Short interval follow-up CT "
        "recommended.|Recommend repeat CT in 6 hours.|"
        "Attention on follow-up.|]"
    ),
    (
        "Findings [suspicious for|concerning for] [trace|small] <side> <name>. [Repeat CT in 6-12 hours is "
        "suggested.|Clinical correlation and follow-up.|]"
    ),
    "[Likely|Question of] small <side> <name>, [recommend follow-up CT|follow-up imaging advised].",
)
FOLLOWED: dict[Change, tuple[str, ...]] = {
    "stable": (
        "[Stable|Unchanged|No significant change in] <side> <name>.",
        "No [significant |]interval change in <side> <name>[, <mm> mm|].",
        "Stable exam[ with <side> <name>|, <side> <name> again seen].",
    ),
    "larger": ("[Interval increase in|Enlarging|Worsening] <side> <name>[, now <mm> mm|].", "Increased <side> <name>."),
    "smaller": (
        "[Interval decrease in|Decreasing|Improving] <side> <name>.",
        "<side> <name>, decreased from prior[, now <mm> mm|].",
        "Evolving <side> <name>, [slightly decreased|improved].",
    ),
    "resolved": (
        "[Interval resolution of|Resolved] <side> <name>. [No new hemorrhage.|No residual hemorrhage.|]",
        "No residual <name>. [No acute intracranial abnormality.|]",
    ),
    "none": ("",),
}
ABSENT = (
    "No acute intracranial [abnormality|hemorrhage|process|findings|pathology].",
    "No evidence of acute intracranial [hemorrhage|abnormality|process].",
    "No acute [hemorrhage|intracranial hemorrhage] or [mass effect|infarct|fracture|territorial infarct].",
    "Negative [noncontrast |]head CT.",
    "No CT evidence of acute intracranial [hemorrhage|abnormality|injury].",
    "[Unremarkable|Normal] [noncontrast |]CT [of the head|head|brain].",
    "No acute intracranial hemorrhage, mass effect[,|] or midline shift.",
    "No intracranial hemorrhage.",
    "No acute traumatic intracranial [injury|abnormality].",
    "No bleed.",
    "No acute finding.",
)
TRAUMA_ONLY = ABSENT.index("No acute traumatic intracranial [injury|abnormality].")
NORMAL_ONLY = ABSENT.index("[Unremarkable|Normal] [noncontrast |]CT [of the head|head|brain].")

TOLD = (
    (
        "[Findings were|Results|Critical result] [communicated to|called to] the [emergency department|referring "
        "team|neurosurgery service|stroke team|"
        "clinical team] [by telephone |by phone |] at <time>[ on the day of the exam|]."
    ),
    "[Emergency department|Referring team] notified by [telephone|secure message] at <time>.",
)
REVEALED = (
    (
        "ADDENDUM: [On further review|On secondary review|On attending review|On review with thin slices], [there is "
        "a|there appears to be a] "
        "[small|subtle|trace] <side> <name>, [not mentioned in the original report|not described above|in retrospect "
        "visible on this study]. "
        "[The clinical team was informed.|Follow-up CT recommended.|Discussed with the emergency department at <time>.]"
    ),
    (
        "ADDENDUM: [Discrepancy|Correction] to the [preliminary report|above]: [small|subtle|trace] <side> <name> is "
        "present. [Team notified at <time>.|Repeat CT advised.]"
    ),
)
SETTLED = (
    (
        "ADDENDUM: [On subsequent MRI|On repeat CT|Comparison with an outside CT is now available and] the "
        "[hyperdensity|density] described above is "
        "[unchanged and |stable and ][consistent with calcification|compatible with artifact]. No hemorrhage."
    ),
    (
        "ADDENDUM: [On further review|After review with neuroradiology], the [described |]density is "
        "[calcification|artifactual], not hemorrhage."
    ),
)
BYSTANDER = (
    (
        "ADDENDUM: [Thin section reformats|Bone algorithm images|Coronal and sagittal reformats] were also reviewed. "
        "No change to the [above |]impression."
    ),
    (
        "ADDENDUM: [Prior outside CT|An outside MRI] has become available for comparison. [No change in "
        "interpretation.|Findings are unchanged.]"
    ),
    (
        "ADDENDUM: [Preliminary interpretation was provided overnight.|Report resubmitted to correct a dictation "
        "error.] No change in findings."
    ),
)
