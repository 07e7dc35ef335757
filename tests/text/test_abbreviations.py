"""Sentences by language, cut where a reader would: `|` marks every cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.sentences import _sentences

TABLE = [
    ("en", "the C.I.A., and Ms. Johnson works"),
    ("en", "He was born Sun. 9th of May.|She was not."),
    ("en", "I live in the U.S.|He does too."),
    ("en", "The U.S. economy grew.|Then it fell."),
    ("en", "We meet at 5 p.m.|Then we go."),
    ("en", "It was 5 p.m. yesterday."),
    ("en", "The market fell.|iPhone sales rose.|eBay did not."),
    ("en", "Use e.g. iPhone cases."),
    ("en", "J. R. R. Tolkien wrote it.|Plan B.|Then C."),
    ("en", "John F. Kennedy spoke."),
    ("en", "No. 5 is alive.|Oh no.|He came."),
    ("en", "See fig. 3, p. 12 and Vol. 2 of it."),
    ("en", 'He said "Stop!"|Then he left.|"Why?" she asked.'),
    ("en", "hello there. how are you? i am fine! ok"),
    ("en", "It is on Main St.|He lives there."),
    ("en", "St. Paul is nice.|We went to Mt. Hood."),
    ("en", "Sgt. Pepper and Capt. Kirk met Lt. Uhura."),
    ("en", "Apples, pears, etc. are fruit."),
    ("en", "There were five.|3 left."),
    ("en", "Wait... what?"),
    ("en", "Yahoo! is old.|Google is not."),
    ("en", "Version 2. 5 is out."),
    ("de", "Am 3. Oktober ist Feiertag.|Das ist gut."),
    ("de", "Das ist z. B. so.|Dr. Müller kommt, bzw. ca. 3 Leute."),
    ("de", "Siehe S. 12 und Abs. 3, d. h. Seite zwölf."),
    ("de", "Das gilt z.B. Montag.|Nicht heute."),
    ("de", "Wir sind fertig.|Sie auch."),
    ("de", "Hr. Maier und Frl. Huber wohnen in St. Pölten."),
    ("de", "Am 12. 11. 2026 um 10 Uhr."),
    ("fr", "Voici M. Dupont et Mme. Durand.|Ils arrivent."),
    ("fr", "Bonjour M. Dupont.|Ça va ?"),
    ("fr", "Voir p. 12 et art. 5, p. ex. ici."),
    ("fr", "C'est fini.|Il est parti."),
    ("es", "El Sr. García y la Sra. López, pág. 5.|¿Qué?|¡Sí!"),
    ("es", "Vive en la Av. Central núm. 5."),
    ("es", "El Dr. Ruiz llamó a D. Juan.|No vino."),
    ("pt", "O Sr. Silva, a Sra. Souza, pág. 3."),
    ("pt", "V. Exa. sabe disso.|Não sei."),
    ("pt", "A Profa. Ana mora na Av. Paulista."),
    ("it", "Il sig. Rossi e la dott.ssa Bianchi vanno.|Poi tornano."),
    ("it", "Vedi pag. 5 e art. 3, p. es. questo."),
    ("nl", "Dat is mevr. de Vries."),
    ("nl", "Vandaag, d.w.z. in de ochtend."),
    ("nl", "Dhr. Jansen en mevr. Bakker, blz. 5.|Klaar."),
    ("nl", "De heer drs. P. van Dam komt.|Hij is laat."),
    ("sv", "Vi ses kl. 10 i morgon.|Hej då."),
    ("sv", "Det gäller t.ex. vid regn."),
    ("sv", "T.ex. Anna, bl.a. Karl och S:t. Erik."),
    ("sv", "Vi bor på nr. 5, d.v.s. där."),
    ("no", "Det er f.eks. ved sjøen."),
    ("no", "Vi møtes kl. 10 hos hr. Hansen.|Ha det."),
    ("no", "Den 3. mai er fri, dvs. fredag."),
    ("da", "Det er f.eks. ved kl. 10, bl.a. i byen hos hr. Jensen."),
    ("da", "Den 5. Juni er fri.|Vi ses."),
    ("fi", "Esim. Helsinki, ks. sivu 5.|Hyvä."),
    ("fi", "Se on n. 5 km, ks. s. 7."),
    ("ru", "Это т.е. всё.|Он ушёл."),
    ("ru", "Живу на ул. Ленина, д. 5, кв. 3."),
    ("ru", "Это им. Пушкина, см. стр. 5."),
    ("ru", "А. С. Пушкин писал.|Он умер."),
    ("ru", "Приехал проф. Иванов.|Мы ждали."),
    ("pl", "Np. w domu, tj. Ania, prof. Nowak."),
    ("pl", "Mieszka na ul. Długa 5, godz. 10."),
    ("pl", "To jest św. Jan.|Widzisz?"),
    ("tr", "Prof. Ali geldi, bkz. s. 5."),
    ("tr", "Örn. Ankara büyük.|İzmir de öyle."),
    ("tr", "Sn. Yılmaz geldi.|Gitti."),
    ("el", "Ο κ. Παπαδόπουλος, π.χ. αυτό, δηλ. εκείνο.|Ναι."),
    ("el", "Βλ. σελ. 5 και κεφ. 3."),
    ("ms", "En. Ahmad dan Pn. Siti datang.|Mereka pulang."),
    ("sw", "Bw. Juma na Bi. Asha wamefika.|Karibu."),
    ("ar", "كيف حالك؟|أنا بخير.|هل أنت هنا؟"),
    ("ar", "جاء د. أحمد، ثم ذهب.|نعم."),
    ("hi", "यह अच्छा है।|वह घर गया।|क्या?"),
    ("hi", "डॉ. शर्मा आए।|अच्छा।"),
    ("he", "שלום.|מה שלומך?|טוב."),
    ("he", "ראה עמ' 5 בספר."),
    ("ko", "안녕하세요.|반갑습니다!|네?"),
    ("zh", "你好吗？|我很好！|走吧。"),
    ("zh", "他说：“走吧。”|我们走了。"),
    ("ja", "そうですか。|「はい。」と言った。|行こう！"),
    ("ja", "東京です。|大阪です。"),
    (None, "Ask Mr. Brown.|He knows."),
]


@pytest.mark.parametrize(("language", "marked"), TABLE)
def test_sentences_end_where_a_reader_would_end_them(language: str | None, marked: str) -> None:
    spaced = language not in ("zh", "ja")
    text = marked.replace("|", " " if spaced else "")
    assert [s.strip() for s in _sentences(text, language or "en")] == marked.split("|")


@given(st.text(max_size=300), st.sampled_from(["en", "de", "ru", "ar", "zh", "xx"]))
def test_nothing_is_lost_between_sentences(text: str, language: str) -> None:
    assert "".join("".join(_sentences(text, language)).split()) == "".join(text.split())


@given(
    st.lists(st.sampled_from(["t.ex.", "Mr.", "no.", "ok.", "a", "5", "Karl", ",", "!", "U.S."])),
    st.sampled_from(["en", "sv", "de"]),
)
def test_no_sentence_begins_small_or_with_a_comma(words: list[str], language: str) -> None:
    sentences = [s.strip() for s in _sentences(" ".join(words), language)]
    assert not [s for s in sentences[1:] if s and (s[0].islower() or s[0] in ",!")]
