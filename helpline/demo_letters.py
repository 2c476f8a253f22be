"""The letters of the demo: as visitors write them, in every state an inbox can show, some with a code to try."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpline import config
from helpline.contacts import service as contacts
from helpline.db import random_key, transaction
from helpline.letters import keys, store
from helpline.letters.models import Letter
from helpline.letters.states import IN_HAND, State, due, hour_of
from helpline.letters.visiting import KIND
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.privacy import codes, envelope
from helpline.privacy.keyring import secret
from helpline.staff import duties

NOTE = "demo-codes.txt"
VISITOR = "visitor"
# Hours that answers of the last four weeks took, for the figure that visitors are told.
TOOK = (5, 9, 14, 20, 22, 26, 31, 44, 52, 75)


@dataclass(frozen=True)
class Told:
    """A letter: who wrote what how many hours ago, in whose hands it is now, and how far the answer has come."""

    line: str
    language: str
    state: State
    texts: tuple[tuple[str, int, str], ...]
    holder: str = ""
    draft: str = ""
    with_code: bool = False


LETTERS = (
    Told("youth", "nl", State.WAITING, ((VISITOR, 9, (
        "Hoi,\n\nIk weet niet goed hoe ik moet beginnen. Een jongen uit mijn klas heeft een foto van mij "
        "doorgestuurd die alleen voor hem was. Nu heeft bijna iedereen hem gezien. In de pauze wordt er gelachen "
        "en ik eet op de wc.\n\nThuis weten ze niks. Mijn vader wordt echt heel boos als hij dit hoort, denk ik. "
        "Kan de foto nog weg? En moet ik het zeggen op school?\n\nIk ben 14.")),)),
    Told("youth", "en", State.WAITING, ((VISITOR, 5, (
        "Hello, I moved here in the summer so I write in English, I hope that is ok.\n\nSomebody I met in a game "
        "says he will send screenshots of our chat to my family if I do not pay. I paid once. Now he wants more "
        "and I have no money left. I cannot sleep. Was it stupid to pay? What do I do when he writes again "
        "tonight?")),)),
    Told("youth", "nl", State.WAITING, ((VISITOR, 81, (
        "Mijn vriendin (15) heeft al weken contact met iemand die ze nog nooit gezien heeft. Hij zegt dat hij 17 "
        "is. Hij belt nooit met beeld en nu wil hij afspreken. Zij vindt mij jaloers als ik er iets van "
        "zeg.\n\nHoe zeg ik het zonder dat ze boos op me wordt?")),)),
    Told("youth", "nl", State.DRAFTED, ((VISITOR, 30, (
        "Ik heb zelf iets stoms gedaan. Er ging een filmpje rond van een meisje van een andere school en ik heb "
        "het doorgestuurd in onze groepsapp. Nu is er politie op haar school geweest. Ik heb het overal "
        "verwijderd, maar ik ben zo bang dat ze bij mij komen. Ik voel me ook rot voor haar.\n\nMoet ik zelf "
        "naar de politie?")),),
        holder="mila", draft=(
        "Hoi,\n\nGoed dat je dit vertelt, en dat je aan haar denkt. Je hebt iets gedaan waar je spijt van hebt, "
        "en je wilt het goedmaken. Dat is een begin.\n\nOver de politie: ")),
    Told("youth", "nl", State.CHECKING, ((VISITOR, 44, (
        "Iemand heeft met een app een nepfoto van mij gemaakt. Het is mijn gezicht, maar de rest ben ik niet. "
        "Mijn vriendinnen zeggen dat ik het moet negeren. Maar hij staat er nog steeds en ik durf niet meer te "
        "zwemmen.")),),
        holder="noor", draft=(
        "Hoi,\n\nWat naar dat iemand dit met jouw gezicht heeft gedaan. Jij hebt niets fout gedaan. Dat het nep "
        "is, maakt het niet minder erg, en je hoeft het zeker niet te negeren.\n\nDit kun je nu doen:\n1. Meld "
        "de foto bij de app waar hij staat. Kies bij de reden dat het om jou gaat en dat je minderjarig "
        "bent.\n2. Schrijf op wie hem plaatste en wanneer. Maak zelf geen kopie van de foto.\n3. Op onze site "
        "staat bij 'Hulp' een dienst die foto's laat weghalen zonder dat je hem hoeft op te sturen.\n\nWie in "
        "jouw buurt zou je dit durven vertellen?")),
    Told("youth", "nl", State.WAITING, (
        (VISITOR, 150, (
        "Ik ben 16 en ik word sinds een maand afgeperst. Ze zeggen dat ze alles naar mijn voetbalteam sturen. Ik "
        "heb niet betaald. Vandaag kwam er weer een bericht.")),
        ("sanne", 127, (
        "Hoi,\n\nWat knap dat je niet betaald hebt, en dat je ons schrijft. Jij bent hier niet de "
        "schuldige.\n\nStop met antwoorden en blokkeer hem, maar laat je account nog even bestaan: daar staat "
        "het bewijs. Schrijf op wanneer de berichten kwamen en van welke naam.\n\nIs er thuis iemand die boos of "
        "gevaarlijk voor je zou worden als die dit weet? Schrijf het ons gerust.")),
        (VISITOR, 20, (
        "Dank je wel. Ik heb hem geblokkeerd en ik heb alles opgeschreven. Gisteren kwam er niks. Mijn moeder "
        "zou niet boos worden denk ik, alleen heel verdrietig. Hoe begin ik tegen haar?"))), with_code=True),
    Told("youth", "en", State.ANSWERED, (
        (VISITOR, 70, (
        "My ex still has pictures of me. He never said he would do something with them, but I think about it "
        "every day. Can I make him delete them?")),
        ("mila", 46, (
        "Hi,\n\nThat must be tiring, to think of it every day. It makes sense that you want to be sure.\n\nYou "
        "may ask him, in one short message, to delete them. If you would rather not write to him yourself, we "
        "can think with you about who could. And there are services that stop pictures before they are placed "
        "anywhere: you find them on our page under 'Help'. Your pictures never leave your phone for "
        "that.\n\nWould it help to write down what worries you most?"))), with_code=True),
    Told("prevention", "nl", State.WAITING, ((VISITOR, 14, (
        "Goedenavond,\n\nDit schrijf ik al anderhalf jaar in mijn hoofd. Ik heb gedachten over minderjarigen "
        "waar ik mij voor schaam. Ik heb nooit iets gedaan en ik wil dat zo houden. Met mijn vrouw durf ik er "
        "niet over te praten.\n\nIs er iets wat ik kan doen? En wie komt hiervan te weten?")),)),
    Told("prevention", "nl", State.CHECKING, ((VISITOR, 51, (
        "Vorige week is de politie bij ons aan de deur geweest. Ze hebben de computer van mijn man meegenomen. "
        "Hij zegt bijna niets meer. Onze dochter van negen vraagt waarom papa huilt. Ik weet niet wat ik haar "
        "moet zeggen en ik weet ook niet of ik nog met hem onder één dak wil slapen.")),), holder="jan", draft=(
        "Goedendag,\n\nWat komt er veel tegelijk op u af. Dat u niet weet wat u moet zeggen, is "
        "begrijpelijk.\n\nEerst het belangrijkste: zegt uw man dingen waardoor u denkt dat hij zichzelf iets "
        "aandoet? Bel dan meteen 113, ook 's nachts.\n\nUw dochter hoeft nu niet te weten wat er precies is. U "
        "kunt zeggen: 'Papa heeft een groot probleem en grote mensen helpen hem daarmee. Het is niet jouw "
        "schuld.'\n\nOf u bij hem blijft slapen, mag u per dag beslissen. Is er iemand bij wie u met uw dochter "
        "een paar nachten terecht kunt?")),
    Told("prevention", "en", State.CLAIMED, ((VISITOR, 79, (
        "I am a teacher in training. During a course I noticed that I avoid one of the pupils because I catch "
        "myself looking forward to seeing him too much. Nothing has happened. I am frightened of myself. Should "
        "I stop with this job? I have told nobody.")),), holder="noor"),
    Told("prevention", "nl", State.ANSWERED, (
        (VISITOR, 120, (
        "Ik ben gestopt met kijken, nu 23 dagen. Maar 's avonds, als ik alleen ben, is het zwaar. Hoe houden "
        "anderen dit vol?")),
        ("jan", 98, (
        "Goedendag,\n\nDrieëntwintig dagen, dat hebt u zelf gedaan. De avonden noemen veel mensen. Twee dingen "
        "die helpen: een vast plan voor het uur waarop het zwaar wordt, en een apparaat dat 's avonds niet in uw "
        "kamer ligt.\n\nIn de zelfhulpcursus gaat 'Een drang is een golf' hierover. U kunt er meteen mee beginnen, "
        "zonder naam. Wilt u ons schrijven hoe de komende week gaat?"))), with_code=True),
    Told("prevention", "en", State.CLOSED, (
        (VISITOR, 400, (
        "My brother told me something about himself that I cannot get out of my head. He has not done anything, "
        "he says, and he wants help. Where does he begin?")),
        ("sanne", 380, (
        "Hello,\n\nHe told you, and you are looking for help for him: both took courage. He can begin here "
        "himself, without a name: by chat, by letter, or with the self-help course. You can tell him that nobody "
        "asks who he is.\n\nAnd how are you? You may write to us about yourself, too.")),
        (VISITOR, 340, "Thank you. He has written to you himself now. I am all right."))),
)  # fmt: skip


def make(now: datetime) -> None:
    """Store the letters as if they had come before `now`, and keep the codes of some in the instance folder."""
    by_slug = {line.slug: line for line in lines.all_lines()}
    accounts = {
        login: duties.account_of_login(login, told.line)
        for told in LETTERS
        for login in {told.holder, *(author for author, _, _ in told.texts)} - {"", VISITOR}
    }
    salt = secret(config.current().instance_dir, "codes")
    new = [(told, codes.new_code(salt)) for told in LETTERS]
    # Slow, and so before the transaction.
    lookups = [
        codes.for_kind(codes.opened(code, salt), KIND, told.line).lookup if told.with_code else secrets.token_hex(32)
        for told, code in new
    ]
    with transaction():
        for (told, _), lookup in zip(new, lookups, strict=True):
            _store(told, by_slug[told.line], lookup, accounts, now)
        for line in by_slug.values():
            for number, hours in enumerate(TOOK):
                at = now - timedelta(days=2 * number + 1)
                contacts.count_letter(line, hours=hours, in_time=hours <= line.letter_target_hours, at=at)
    _keep([(told.line, told.language, told.state.value, code) for told, code in new if told.with_code])


def _store(told: Told, line: Line, lookup: str, accounts: dict[str, str | None], now: datetime) -> None:
    began, round_ = _round(told)
    since = hour_of(now - timedelta(hours=began))
    letter_id, until = random_key(), keys.kept_until(line, now)
    key_id, wrapped_key = keys.wrapped(letter_id, envelope.new_key(), until)
    letter = Letter(
        id=letter_id,
        line=line.slug,
        language=told.language,
        state=told.state,
        lookup=lookup,
        confirmed=True,
        round=round_,
        last_seq=0,
        waiting_since=since,
        due_at=due(since, line.letter_target_hours),
        claimed_by=accounts[told.holder] if told.state in IN_HAND else None,
        key_id=key_id,
        wrapped_key=wrapped_key,
        expires_on=until,
    )
    with transaction() as session:
        session.add(letter)
        session.flush()
        for author, hours, text in told.texts:
            at, account = now - timedelta(hours=hours), accounts.get(author)
            side = VISITOR if author == VISITOR else "counsellor"
            letter.last_seq = store.add_text(session, letter, side, text, random_key(), at, account)
        holder = accounts.get(told.holder)
        if told.draft and holder is not None:
            store.put_draft(session, letter, holder, told.draft)


def _round(told: Told) -> tuple[int, int]:
    """How many hours ago the last round began, and which one it is."""
    began, round_, before = 0, 0, ""
    for author, hours, _ in told.texts:
        if author == VISITOR and before != VISITOR:
            began, round_ = hours, round_ + 1
        before = author
    return began, round_


def _keep(rows: list[tuple[str, str, str, str]]) -> None:
    path = config.current().instance_dir / NOTE
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(handle, "w") as file:
        file.writelines(f"{line:<12}{language:<4}{state:<10}{code}\n" for line, language, state, code in rows)
