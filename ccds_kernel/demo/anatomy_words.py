"""What reports say about everything but hemorrhage: the templates, and nothing else."""

from __future__ import annotations

from ccds_kernel.demo.case import Incidental
from ccds_kernel.demo.styles import Topic

SEEN: dict[Topic, dict[Incidental, tuple[str, ...]]] = {
    "parenchyma": {
        "acute_infarct": (
            (
                "[Loss of gray-white differentiation|Hypoattenuation with sulcal effacement] in the <side> [MCA "
                "territory|insula and frontal operculum], "
                "[concerning for|compatible with] acute infarct. [No hemorrhagic transformation.|]"
            ),
            (
                "Hypodensity involving the <side> MCA territory, [consistent with evolving infarct|suspicious for "
                "acute ischemia]. [Hyperdense <side> M1 segment.|"
                "No hemorrhagic conversion.|]"
            ),
        ),
        "metastasis": (
            (
                "[<cm> cm|<mm> mm] [ring-enhancing|enhancing] lesion in the <side> [frontal|parietal|cerebellar] "
                "[region|hemisphere] with surrounding vasogenic edema"
                "[, suspicious for metastasis|]. [No hemorrhagic component.|]"
            ),
            (
                "Enhancing mass in the <side> [cerebellum|frontal lobe|parietal lobe] measuring <cm> cm[ with mild "
                "surrounding edema|]."
            ),
        ),
        "old_infarct": (
            (
                "[Encephalomalacia|Chronic encephalomalacia and gliosis] in the <side> [MCA|PCA] territory, "
                "[consistent with|sequela of] remote infarct."
            ),
            "Old <side> [frontal|parietal|occipital|cerebellar] infarct[, unchanged|].",
        ),
        "old_hemorrhage": (
            (
                "[Encephalomalacia|Slit-like cavity] in the <side> [basal ganglia|external capsule], sequela of "
                "remote hemorrhage."
            ),
            "Chronic changes from prior <side> [intraparenchymal hemorrhage|hemorrhage].",
        ),
        "lacune": (
            "[Old|Chronic|Remote] lacunar infarct in the <side> [basal ganglia|caudate head|thalamus|corona radiata].",
            (
                "<side> [lentiform nucleus|thalamic] lacune[, age indeterminate but likely chronic|, chronic in "
                "appearance|]."
            ),
        ),
        "white_matter": (
            (
                "[Scattered|Patchy|Mild|Moderate|Confluent] periventricular [and subcortical |]white matter "
                "hypodensities, [nonspecific but |][likely|most compatible with|"
                "likely reflecting] [chronic small vessel ischemic disease|chronic microvascular ischemic change]."
            ),
            (
                "[Mild|Moderate|Extensive] [chronic microvascular ischemic changes|small vessel ischemic "
                "disease|leukoaraiosis]."
            ),
            (
                "Periventricular white matter [hypoattenuation|low density] [is present|is seen], compatible with "
                "small vessel disease."
            ),
        ),
        "arachnoid_cyst": ("[Small|<cm> cm] arachnoid cyst in the <side> middle cranial fossa[, incidental|].",),
        "low_tonsils": ("Low-lying cerebellar tonsils.",),
        "empty_sella": ("[Partially empty sella|Incidental partially empty sella].",),
    },
    "ventricles": {
        "atrophy": (
            (
                "[Mild|Moderate|Diffuse|Generalized] [cerebral|parenchymal] volume loss with "
                "[proportionate|commensurate] [ventricular and sulcal prominence|enlargement of the ventricles]."
            ),
            (
                "Ventricles and sulci are [prominent|mildly prominent|diffusely prominent], [in keeping "
                "with|consistent with|reflecting] [age-related |]"
                "[volume loss|involutional change|atrophy]."
            ),
            "[Age-appropriate|Age-related] [involutional changes|volume loss|cerebral atrophy].",
        ),
        "cavum": ("[Incidental |]cavum septum pellucidum[ et vergae|].",),
        "chronic_collection": (
            (
                "[Low density|Hypodense] <side> [frontal|convexity|frontoparietal] [extra-axial|subdural] collection "
                "measuring <mm> mm, [compatible with|likely] "
                "[a chronic subdural hygroma|hygroma|chronic subdural collection]. [No acute component.|No "
                "hyperdense blood products.|]"
            ),
            (
                "Chronic <side> subdural [collection|hygroma], <mm> mm, without [acute|hyperdense] [component|blood "
                "products]."
            ),
        ),
    },
    "vessels": {
        "atherosclerosis": (
            (
                "[Atherosclerotic|Vascular] calcifications of the [carotid siphons|intracranial internal carotid "
                "arteries|cavernous carotid and vertebral arteries]."
            ),
            "Intracranial [atherosclerosis|vascular calcification].",
        ),
    },
    "bones": {
        "fracture": (
            (
                "[Nondisplaced|Minimally displaced|Linear] fracture of the <side> "
                "[temporal|parietal|occipital|frontal] bone."
            ),
            "There is a [linear|nondisplaced] <side> [parietal|temporal|frontal] skull fracture.",
        ),
        "craniotomy": ("[Prior|Postsurgical changes of] <side> [frontal|pterional|parietal] craniotomy.",),
        "hyperostosis": ("Hyperostosis frontalis interna.",),
        "old_nasal_fracture": ("[Old|Age indeterminate, likely remote,] nasal bone [fracture|deformity].",),
    },
    "sinuses": {
        "sinus_thickening": (
            (
                "[Mild|Minimal|Scattered|Trace] mucosal thickening [in|of] the [<side> maxillary sinus|ethmoid air "
                "cells|paranasal sinuses|maxillary and ethmoid sinuses|sphenoid sinus]."
            ),
            "Mucous retention cyst in the <side> maxillary sinus.",
        ),
        "sinus_fluid": ("Air-fluid level in the <side> [maxillary|sphenoid] sinus[, correlate for acute sinusitis|].",),
        "mastoid_fluid": (
            "[Partial|Trace] opacification of the <side> mastoid air cells.",
            "[Small |]<side> mastoid effusion.",
        ),
    },
    "orbits": {
        "lens_replacement": (
            "[Status post|Prior] [bilateral|<side>] lens replacement.",
            "[Bilateral|<side>] cataract surgery.",
            "[Bilateral|<side>] pseudophakia.",
        ),
    },
    "soft_tissues": {
        "scalp_hematoma": (
            (
                "[Small|Moderate|Large] <side> [frontal|parietal|occipital|periorbital|frontoparietal] scalp "
                "[hematoma|soft tissue swelling|contusion|hematoma and laceration]"
                "[ without underlying fracture|]."
            ),
            "Soft tissue [swelling|hematoma] overlying the <side> [frontal|parietal|occipital] [bone|calvarium].",
        ),
    },
}

NORMAL: dict[Topic, tuple[str, ...]] = {
    "blood": ("",),
    "parenchyma": (
        "[Gray-white|Gray-white matter] differentiation is [preserved|maintained].",
        "No [acute |]territorial infarct[ is identified|].",
        "The brain parenchyma is [unremarkable|normal in attenuation|normal].",
        "No [focal |]parenchymal [abnormality|lesion|mass].",
        "No CT evidence of acute [large vessel |large territory ][infarct|infarction]. No mass.",
        "The [brainstem and cerebellum|posterior fossa] [are|is] unremarkable.",
        "No loss of gray-white differentiation. [MRI is more sensitive for acute ischemia.|]",
        "No edema or mass.",
    ),
    "ventricles": (
        (
            "[The ventricles|Ventricles] and sulci are [normal in size[ and configuration|]|within normal "
            "limits|age-appropriate|unremarkable]."
        ),
        (
            "[The |]ventricles[, sulci and cisterns| and cisterns| and sulci] are normal in size for age. [Basal cisterns are "
            "patent.|]"
        ),
        "No hydrocephalus.",
        "Ventricular system is [normal|midline and normal in caliber]. [The basal cisterns are clear.|]",
        "Ventricles normal. [Basilar cisterns patent.|]",
    ),
    "vessels": (
        (
            "[No hyperdense vessel sign.|No hyperdense vessel.|The major intracranial vessels are unremarkable on "
            "this noncontrast exam.|"
            "No dense MCA.|Visualized vasculature is unremarkable.]"
        ),
    ),
    "bones": (
        "No [calvarial|skull|acute|depressed|acute calvarial] fracture.",
        "[The calvarium|Calvarium|The skull] is intact.",
        "No acute osseous abnormality.",
        "[Osseous structures are|The visualized bones are] [intact|unremarkable].",
        "No [aggressive|suspicious] osseous lesion or fracture.",
    ),
    "sinuses": (
        (
            "[The |][visualized |]paranasal sinuses and mastoid air cells are [clear|well aerated|well "
            "pneumatized|essentially clear]."
        ),
        "[Visualized s|S]inuses [and mastoids |]are clear.",
        "Mastoid air cells are clear.",
    ),
    "orbits": (
        "[The |][visualized |]orbits are [unremarkable|normal|grossly normal].",
        "[Globes and orbits|Orbits] unremarkable.",
        "",
    ),
    "soft_tissues": ("[No scalp hematoma.|Scalp soft tissues are unremarkable.|Soft tissues unremarkable.|]", ""),
}
BESIDES = (
    "No [acute |]territorial infarct[ is identified|].",
    "[Gray-white|Gray-white matter] differentiation is [preserved|maintained].",
    "No [mass|mass lesion].",
    "No acute [parenchymal |]abnormality[ otherwise|].",
)
"""What is normal in a brain that has something old."""
ENHANCEMENT = (
    "No abnormal [parenchymal or leptomeningeal |intracranial |]enhancement.",
    "No enhancing [mass|lesion] is identified.",
    "No abnormal enhancement. [Dural venous sinuses opacify normally.|]",
)

TECHNIQUE = (
    (
        "TECHNIQUE: [Noncontrast|Axial noncontrast|Unenhanced] CT [images |][of the head|of the head from skull base "
        "to vertex][, <thick> mm sections|]."
    ),
    (
        "[Axial|Helical|Multidetector] CT of the head [was performed|was obtained] without [intravenous |IV "
        "]contrast[ with multiplanar reformats|]."
    ),
)
TECHNIQUE_CONTRAST = (
    "TECHNIQUE: CT of the head [without and with|with] [intravenous |IV ]contrast[, <thick> mm sections|].",
    "CT of the head was obtained following [IV|intravenous] contrast.",
)
COMPARISON_NONE = (
    "[Comparison|COMPARISON]: None[ available|].",
    "No prior [imaging|studies] available for comparison.",
    "[Comparison|COMPARISON]: None.",
)
COMPARISON_OLD = (
    "[Comparison|COMPARISON]: [CT head|Head CT|Noncontrast head CT|MRI brain] [from |]<ago>[ ago| prior].",
    "Compared to [CT|MRI] of <ago> ago.",
)
COMPARISON_DAYS = (
    "[Comparison|COMPARISON]: [CT head|Head CT] <ago> [prior|earlier].",
    "Compared to [CT head|head CT] from <ago> earlier.",
)
UNCHANGED = (
    "[No significant interval change.|Unchanged from prior.|Stable compared to prior.|No change from prior study.]",
    "",
    "",
)
MOTION = (
    "[Exam|Study|Evaluation] is [mildly |moderately |][degraded|limited] by [patient |]motion.",
    "[Motion degraded|Limited] study[ due to patient motion|].",
)

CONCLUDED: dict[Incidental, tuple[str, ...]] = {
    "acute_infarct": (
        "[Acute|Evolving|Suspected acute] <side> MCA territory infarct. [No hemorrhage.|MRI recommended.|]",
    ),
    "metastasis": (
        "Enhancing <side> [lesion|mass] [concerning for|compatible with] metastasis. [MRI with contrast recommended.|]",
    ),
    "fracture": ("[Nondisplaced |]<side> [calvarial|skull] fracture.",),
    "chronic_collection": (
        "[Chronic <side> subdural [hygroma|collection].|Small <side> hygroma, no acute component.]",
    ),
    "white_matter": (
        (
            "[Chronic microvascular ischemic [changes|disease].|Chronic small vessel disease.|Age-related [atrophy "
            "and |]small vessel changes.]"
        ),
    ),
    "atrophy": ("[Age-related [volume loss|atrophy].|Involutional changes.]",),
    "lacune": ("[Old|Chronic] <side> lacunar infarct.",),
    "old_infarct": ("[Old|Remote|Chronic] <side> infarct.",),
    "old_hemorrhage": ("Sequela of remote <side> hemorrhage.", "Chronic <side> encephalomalacia."),
    "scalp_hematoma": ("<side> scalp [hematoma|soft tissue swelling]. [No fracture.|]",),
    "sinus_fluid": ("[Paranasal sinus disease|Acute sinusitis suspected].",),
    "sinus_thickening": ("Paranasal sinus mucosal [disease|thickening].",),
}
"""Most important first."""
ALWAYS_CONCLUDED: frozenset[Incidental] = frozenset({"acute_infarct", "metastasis", "fracture", "chronic_collection"})
