"""The words of job titles by the rank that they give: English, German, French and Spanish, without accents."""

#: Highest first. What a title holds of the first rank with a match counts.
RANKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "founder",
        (
            "founder", "cofounder", "founding partner", "grunder", "grunderin", "gruender", "gruenderin", "mitgrunder",
            "mitgrunderin", "mitgruender", "mitgruenderin", "fondateur", "fondatrice", "cofondateur", "cofondatrice",
            "fundador", "fundadora", "cofundador", "cofundadora",
        ),
    ),
    (
        "owner",
        (
            "owner", "coowner", "proprietor", "entrepreneur", "inhaber", "inhaberin", "eigentumer", "eigentumerin",
            "eigentuemer", "eigentuemerin", "gesellschafter", "gesellschafterin", "unternehmer", "unternehmerin",
            "proprietaire", "entrepreneuse", "propietario", "propietaria", "dueno", "duena", "empresario", "empresaria",
        ),
    ),
    (
        "c-level",
        (
            "ceo", "cfo", "cio", "cmo", "coo", "cro", "cto", "cao", "cbo", "cco", "cdo", "chro", "ciso", "clo", "cno",
            "cpo", "cso", "cxo", "chief executive", "president", "chairman", "chairwoman", "chairperson",
            "board member", "managing director", "geschaftsfuhrer", "geschaftsfuhrerin", "geschaeftsfuehrer",
            "geschaeftsfuehrerin", "geschaftsfuhrung", "geschaeftsfuehrung", "geschaftsleitung", "geschaeftsleitung",
            "geschaftsleiter", "geschaftsleiterin", "vorstand", "vorstandin", "vorstandsmitglied",
            "vorstandsvorsitzender", "vorstandsvorsitzende", "vorstandssprecher", "prasident", "prasidentin",
            "praesident", "praesidentin", "pdg", "directeur general", "directrice generale", "presidente", "gerant",
            "gerante", "dirigeant", "dirigeante", "administrateur delegue", "director general", "directora general",
            "director ejecutivo", "directora ejecutiva", "consejero delegado", "consejera delegada", "gerente general",
            "presidenta",
        ),
    ),
    ("partner", ("managing partner", "general partner", "senior partner", "equity partner")),
    ("vp", ("vp", "svp", "evp", "avp", "rvp", "gvp")),
    (
        "director",
        (
            "director", "direktor", "direktorin", "prokurist", "prokuristin", "directeur", "directrice", "directora",
            "general manager",
        ),
    ),
    (
        "head",
        (
            "head", "chief of staff", "leiter", "leiterin", "leitung", "abteilungsleiter", "abteilungsleiterin",
            "abteilungsleitung", "bereichsleiter", "bereichsleiterin", "bereichsleitung", "betriebsleiter",
            "betriebsleiterin", "einkaufsleiter", "einkaufsleiterin", "entwicklungsleiter", "entwicklungsleiterin",
            "marketingleiter", "marketingleiterin", "marketingleitung", "niederlassungsleiter",
            "niederlassungsleiterin", "personalleiter", "personalleiterin", "produktionsleiter", "produktionsleiterin",
            "regionalleiter", "regionalleiterin", "standortleiter", "standortleiterin", "verkaufsleiter",
            "verkaufsleiterin", "vertriebsleiter", "vertriebsleiterin", "vertriebsleitung", "werkleiter",
            "werkleiterin", "werksleiter", "werksleiterin",
        ),
    ),
    (
        "manager",
        (
            "manager", "managerin", "mgr", "supervisor", "team lead", "team leader", "teamlead", "teamleader",
            "teamleiter", "teamleiterin", "teamleitung", "projektleiter", "projektleiterin", "projektleitung",
            "gruppenleiter", "gruppenleiterin", "schichtleiter", "filialleiter", "filialleiterin", "responsable",
            "chef de", "cheffe de", "chef d'equipe", "cheffe d'equipe", "gerente", "jefe", "jefa", "encargado",
            "encargada", "coordinador", "coordinadora",
        ),
    ),
    (
        "senior",
        (
            "senior", "sr", "snr", "lead", "principal", "staff engineer", "staff software", "fellow", "expert",
            "experte", "expertin", "experto", "experta",
        ),
    ),
    (
        "entry",
        (
            "junior", "jr", "jnr", "entry level", "associate", "trainee", "graduate", "coordinator", "clerk",
            "receptionist", "berufseinsteiger", "berufseinsteigerin", "sachbearbeiter", "sachbearbeiterin", "debutant",
            "debutante", "auxiliar", "administrativo", "administrativa",
        ),
    ),
)  # fmt: skip

#: Whatever else the title says: a marketing manager who is an intern is an intern.
INTERNS = (
    "intern", "praktikant", "praktikantin", "praktikum", "werkstudent", "werkstudentin", "working student", "azubi",
    "auszubildende", "auszubildender", "apprentice", "stagiaire", "apprenti", "apprentie", "alternant", "alternante",
    "becario", "becaria", "practicante", "en practicas", "aprendiz",
)  # fmt: skip
STUDENTS = (
    "student", "studentin", "studierende", "studierender", "schuler", "schulerin", "pupil", "etudiant", "etudiante",
    "estudiante", "doktorand", "doktorandin", "doctorant", "doctorante",
)  # fmt: skip
ASSISTANTS = (
    "assistant", "assistent", "assistentin", "assistenz", "assistante", "asistente", "vorstandsassistent",
    "vorstandsassistentin", "vorstandsassistenz", "teamassistent", "teamassistentin", "teamassistenz", "pa", "ea",
    "secretary", "sekretar", "sekretarin", "sekretaerin", "secretaire", "secretario", "secretaria",
)  # fmt: skip
#: What follows is somebody else's: "adviser to the CEO".
OF_SOMEBODY_ELSE = (
    "to", "for", "of the", "reporting", "office of", "der", "des", "von", "beim", "zum", "du", "de la", "del", "al",
)  # fmt: skip
#: Theirs all the same.
OF_THE_BOARD = (
    "member of the board", "mitglied des vorstands", "mitglied der geschaftsfuhrung", "mitglied der geschaftsleitung",
    "vorsitzender der geschaftsfuhrung", "vorsitzende der geschaftsfuhrung", "sprecher der geschaftsfuhrung",
    "mitglied der geschaeftsfuehrung", "mitglied der geschaeftsleitung", "membre du directoire",
)  # fmt: skip
#: Once, or perhaps one day.
NOT_NOW = ("former", "ex", "retired", "aspiring", "future", "ehemaliger", "ehemalige", "ancien", "ancienne")
#: Words that mean another thing together than alone.
SAME_AS = {
    "vp": (
        "vice president", "vicepresident", "vice prasident", "vizeprasident", "vizeprasidentin", "vizepraesident",
        "vizepraesidentin", "vice presidente", "vicepresidente", "vicepresidenta", "vice presidenta",
    ),
    "po": (
        "product owner", "process owner", "service owner", "data owner", "system owner", "application owner",
        "risk owner", "budget owner",
    ),
    "leads": (
        "lead generation", "lead gen", "lead management", "lead qualification", "lead nurturing", "lead scoring",
    ),
}  # fmt: skip
