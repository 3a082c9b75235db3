"""What reports say about hemorrhage: the templates, and nothing else.

Doubt is worded so that a careful reader can tell its outcome: what is *suspected*, *likely* or *possible* is there, what
merely *cannot be excluded* or is *favored to be calcification* is not.
"""

from __future__ import annotations

from ccds_kernel.demo.case import Change, Kind, Stage

DENSITY: dict[Stage, str] = {
    "acute": "[acute|hyperdense|acute|hyperattenuating]",
    "subacute": "[subacute|evolving|mildly hyperdense]",
    "mixed": "[mixed-density|mixed attenuation|acute on chronic]",
}
VOLUME = ("[trace|minimal]", "[small volume|small]", "[moderate|moderate volume]", "[large volume|extensive]")
EXTENT = ("[trace|thin|tiny]", "[small|thin]", "[moderate|moderate sized|]", "[large|sizable]")

CONVEXITY = "[cerebral convexity|<site> convexity|<site> convexity|cerebral hemisphere]"
MEASURE = "[, measuring up to <mm> mm in [maximal |greatest |]thickness|, <mm> mm in thickness| measuring approximately <mm> mm]"
SHOWS = "[consistent with|compatible with|in keeping with|representing]"

PLAIN: dict[Kind, tuple[str, ...]] = {
    "subdural": (
        (
            f"There is a <extent> <density> subdural [hematoma|hemorrhage] [along|overlying] the <side> "
            f"{CONVEXITY}{MEASURE}."
        ),
        f"<extent> <density> <side> [<site>|cerebral convexity|hemispheric] subdural hematoma{MEASURE}.",
        (
            f"A crescentic <density> extra-axial collection overlies the <side> {CONVEXITY}, measuring <mm> mm, "
            f"{SHOWS} subdural hematoma."
        ),
        f"Along the <side> {CONVEXITY} there is a <density> subdural collection measuring up to <mm> mm in thickness.",
        (
            "<extent> <side> holohemispheric subdural [hematoma|hemorrhage], <mm> mm in maximal thickness[, "
            "extending along the tentorium|"
            ", with extension along the falx|]."
        ),
    ),
    "epidural": (
        (
            f"There is a [lentiform|biconvex] hyperdense extra-axial collection along the <side> <site> [region|convexity]"
            f" measuring <mm> mm in thickness, {SHOWS} an epidural hematoma."
        ),
        "<extent> acute <side> <site> epidural hematoma, <mm> mm in [greatest|maximal] thickness.",
        "A <mm> mm thick biconvex epidural hematoma is present overlying the <side> <site> convexity.",
    ),
    "subarachnoid": (
        (
            "[There is |]<extent> [acute |]subarachnoid hemorrhage [within|in|layering in] the <side> <site>[ and "
            "adjacent sulci|]."
        ),
        f"Hyperdensity [within|in|along] the <side> <site>, {SHOWS} [acute |]subarachnoid hemorrhage.",
        "Subarachnoid [hemorrhage|blood] is [present|seen|noted] in the <side> <site>.",
        f"[Curvilinear|Serpiginous] hyperdensity in the <side> <site>, {SHOWS} subarachnoid blood products.",
    ),
    "intraparenchymal": (
        (
            "There is a <size> <density> [intraparenchymal hemorrhage|parenchymal hematoma|intraparenchymal "
            "hematoma|intracerebral hemorrhage] "
            "[centered in|within|involving] the <side> <site>[ with surrounding vasogenic edema| with a thin rim of "
            "surrounding edema|]."
        ),
        f"<size> hyperdense focus in the <side> <site>, {SHOWS} [acute |]intraparenchymal hemorrhage.",
        "[Acute |]<side> <where> hemorrhage measuring <size>[, with mild surrounding edema|].",
        "An intraparenchymal hematoma is seen in the <side> <site>, measuring <size>.",
    ),
    "intraventricular": (
        (
            "[There is |]<extent> [intraventricular hemorrhage|intraventricular blood] layering in the [occipital "
            "horn|atrium] of the "
            "<side> lateral ventricle."
        ),
        f"Dependent hyperdensity in the <side> occipital horn, {SHOWS} intraventricular hemorrhage.",
        "Blood products [layer|are layering] within the <side> lateral ventricle[, without hydrocephalus|].",
    ),
}
CONTUSION = (
    "<size> hemorrhagic contusion in the [inferior |anterior |]<side> <site>[ with surrounding edema|].",
    (
        "There is a <size> [hemorrhagic contusion|focus of parenchymal hemorrhage] in the <side> <site>, compatible "
        "with contusion."
    ),
)

HEDGED: dict[Kind, tuple[str, ...]] = {
    "subdural": (
        (
            f"[Subtle|Faint|Thin linear] hyperdensity along the <side> [tentorium|{CONVEXITY}|aspect of the falx], "
            "[suspicious for|likely|may represent|possibly] [a thin|a trace|a small] subdural [hematoma|hemorrhage]."
        ),
        f"A [thin|small] subdural hematoma along the <side> {CONVEXITY} is suspected.",
    ),
    "epidural": ("Possible small extra-axial hematoma [deep to|underlying] the <side> <site> bone, <mm> mm.",),
    "subarachnoid": (
        (
            "[Faint|Subtle|Minimal] hyperdensity in the <side> <site>, [suspicious for|likely|may "
            "represent|concerning for] trace subarachnoid "
            "hemorrhage."
        ),
        "Possible [trace|minimal] subarachnoid blood in the <side> <site>.",
    ),
    "intraparenchymal": (
        (
            "<mm> mm [focus of hyperdensity|hyperdense focus] in the <side> <site>, [suspicious "
            "for|likely|concerning for] a "
            "[small hemorrhage|tiny intraparenchymal hemorrhage|small hemorrhagic focus]."
        ),
        "Possible [small|punctate] [parenchymal hemorrhage|hemorrhagic focus] in the <side> <site>.",
    ),
    "intraventricular": (
        (
            "[Subtle|Faint] layering density in the <side> occipital horn, [suspicious for|likely] trace "
            "intraventricular hemorrhage."
        ),
    ),
}

SHIFTED = (
    (
        "[There is|This results in|Associated] [effacement of the adjacent sulci and |mass effect with |mass effect "
        "on the <side> lateral ventricle and ]"
        "<shift> mm of <toward> midline shift."
    ),
    (
        "<toward> midline shift [measures|of] <shift> mm[ at the septum pellucidum|]. [Basal cisterns are "
        "patent.|Partial effacement of the <side> lateral ventricle.|]"
    ),
)
UNSHIFTED_DIFFUSE = ("No [significant |]mass effect or midline shift.", "No midline shift.", "No hydrocephalus.", "")
UNSHIFTED = (
    "No [significant |]mass effect or midline shift.",
    "No midline shift.",
    "[Mild|Minimal] local sulcal effacement.",
    "No significant mass effect.",
    "No midline shift or herniation.",
    "",
)
NO_OTHER = ("No [other|additional] [site of |focus of |]intracranial hemorrhage[ is identified|].", "", "")
NOT_THERE: dict[Kind, str] = {
    "intraventricular": "No [intraventricular extension|intraventricular blood].",
    "epidural": "No epidural hematoma.",
    "subarachnoid": "No subarachnoid hemorrhage.",
    "subdural": "No [subdural|extra-axial] collection.",
}
FOLLOWED: dict[Change, tuple[str, ...]] = {
    "stable": (
        (
            "[The |Previously seen |Known ]<extent> <side> <name> is [unchanged|stable|not significantly "
            "changed|similar in size and configuration]"
            "[ compared to prior|, again measuring <mm> mm| since the prior study|]."
        ),
        "[Stable|Unchanged|No significant change in] <side> <name>[, <mm> mm| measuring <mm> mm|].",
        "Redemonstration of <extent> <side> <name>, not significantly changed in [size|extent].",
    ),
    "larger": (
        (
            "[Interval increase in|Interval enlargement of] the <side> <name>, [now|currently] measuring <mm> mm[, "
            "previously <was> mm| (previously <was> mm)]."
        ),
        "[The |Known ]<side> <name> has [increased|enlarged][, now <mm> mm|from <was> mm to <mm> mm].",
    ),
    "smaller": (
        "[Interval decrease in|Decreasing] <side> <name>, now [measuring |]<mm> mm[, previously <was> mm|].",
        (
            "<side> <name> has [decreased in size|partially resolved|decreased in density and size][ with residual "
            "thickness of <mm> mm|, now <mm> mm]."
        ),
        (
            "Expected [evolution|temporal evolution] of the <side> <name>, [slightly|mildly] smaller than on the "
            "prior study."
        ),
    ),
    "resolved": (
        (
            "[The |]previously [seen|described|noted] <side> <name> [has resolved|is no longer seen|is no longer "
            "visualized][ in the interval|]."
        ),
        "[Interval|Complete] resolution of the <side> <name>.",
        "Resolved <side> <name>. [No residual blood products.|]",
    ),
}
STILL_NONE = (
    "No [new|recurrent] [intracranial |]hemorrhage.",
    "No new [acute |]hemorrhage[ is seen|].",
    "",
)

DIFFUSE_FOLLOWED: dict[Change, tuple[str, ...]] = {
    "stable": (
        "[Stable|Unchanged] <extent> <side> <name>.",
        "[Known |Previously seen ]<side> <name> [is unchanged|has not significantly changed].",
        "No significant change in <side> <name>.",
    ),
    "larger": (
        "[Increased|Interval increase in] <side> <name>.",
        "More [conspicuous|extensive] <side> <name> than on the prior study.",
    ),
    "smaller": (
        "[Decreased|Interval decrease in|Improving|Evolving and decreased] <side> <name>.",
        "<side> <name> is less conspicuous than on the prior study[, consistent with redistribution and resorption|].",
        "[Near complete|Partial] [clearing|resorption] of <side> <name>.",
    ),
}
"""Subarachnoid and intraventricular blood has no thickness worth a number."""

ABSENT_BESIDES = (
    "No [acute |]intracranial hemorrhage.",
    "No [acute |]hemorrhage[ is identified|].",
    "No evidence of [acute |]intracranial hemorrhage.",
    "Negative for hemorrhage.",
    "There is no acute intracranial hemorrhage.",
    "No bleed.",
)
"""For a head with something else that is acute, or a collection."""
ABSENT = (
    "No [evidence of |]acute intracranial hemorrhage[, mass effect,|, mass] or midline shift.",
    (
        "There is no [evidence of |CT evidence of |]acute intracranial hemorrhage[, extra-axial collection| or "
        "extra-axial fluid collection|, mass lesion| or mass effect|]."
    ),
    "No intracranial hemorrhage.",
    "No acute hemorrhage[ or extra-axial collection|, mass or infarct| identified|].",
    "No intra- or extra-axial [hemorrhage|blood|hematoma|collection].",
    "Negative for [acute |]intracranial hemorrhage.",
    "No [acute |]hemorrhage, [large territorial infarct|edema], or mass effect[ is identified| is seen|].",
    "No subdural or epidural [hematoma|collection]. No subarachnoid [hemorrhage|blood].",
    "No hyperdense [focus|collection] to suggest [acute |]hemorrhage.",
    "There is no [intraparenchymal|parenchymal] hemorrhage, extra-axial [fluid |]collection, or mass effect.",
    "No extra-axial fluid collection. No intracranial hemorrhage.",
    "No hemorrhage or mass effect is [seen|identified|demonstrated].",
    "No acute bleed.",
    "No abnormal extra-axial fluid collections. No evidence of hemorrhage.",
    "",
)

DOUBTFUL = {
    "ganglia_calcification": (
        "[Punctate|Tiny|<small> mm] hyperdensity in the <side> [basal ganglia|globus pallidus]",
        "[mineralization|calcification|physiologic calcification]",
    ),
    "falx_calcification": (
        "[Focal |Nodular |]hyperdensity along the [falx|anterior falx|midline falx]",
        "[dural calcification|calcification of the falx|ossification]",
    ),
    "artifact": (
        (
            "[Subtle|Apparent|Faint] [hyperdensity|increased density] [along the <side> tentorium|in the posterior "
            "fossa|adjacent to the <side> inner table]"
        ),
        "[beam hardening artifact|volume averaging|streak artifact|partial volume averaging]",
    ),
    "motion": (
        "[Apparent|Ill-defined] density [near the vertex|along the <side> convexity]",
        "[motion artifact|patient motion]",
    ),
}
"""Incidental → what is seen, what it is."""
DOUBT_DISMISSED = (
    "<seen> [is|] [favored to represent|most consistent with|compatible with|related to|likely] <is>.",
    "<seen>, [consistent with|likely] <is>.",
)
DOUBT_LEFT = (
    (
        "<seen>, favored to represent <is>; [a tiny|a small|small focus of|subtle] hemorrhage [cannot be "
        "excluded|cannot be entirely excluded|"
        "is not entirely excluded|is considered less likely]."
    ),
    (
        "<seen>, [probably|most likely] <is>, although [acute |]hemorrhage [cannot be completely excluded|is "
        "difficult to exclude]."
    ),
    "<seen>, [favored|felt] to be <is> rather than hemorrhage.",
)
DOUBT_OPEN = (
    "<seen>, <is> versus [small |tiny |]hemorrhage.",
    "<seen>, indeterminate, [could be|possibly] <is>; hemorrhage not excluded.",
)
