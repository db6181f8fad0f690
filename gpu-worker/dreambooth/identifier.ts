/**
 * @file Picks the identifier of a subject: a rare token of the checkpoint's tokenizers, which the model
 * knows next to nothing about.
 *
 * The paper samples tokens of at most three characters from a range of late ids of its T5 tokenizer.
 * That range means nothing in CLIP's vocabulary, where ids follow the order of the merges: the rule
 * here takes whole-word tokens from the later half of the ids.
 * @see Ruiz et al. 2022, section 3.2 "Rare-token identifiers", https://arxiv.org/abs/2208.12242
 */
import type { ClipTokenizer } from '../diffusion/tokenizers/clip-tokenizer.ts';

/** No identifier can be picked. */
export class IdentifierError extends Error {
  override readonly name = 'IdentifierError';
}

/** How a vocabulary spells a token that ends a word. */
const END_OF_WORD = '</w>';
/** A single character is no merge at all, and letters have strong meanings of their own. */
const IDENTIFIER_PATTERN = /^[a-z0-9]{2,3}$/;

/**
 * Short English words, names, widely known abbreviations and things nobody wants in a prompt. `sks`
 * stands for itself: the usual identifier of other trainers is a rifle.
 */
const NOT_RARE = new Set(
  `sks
  ad ah ai am an as at aw ax ay be bi by dj do dr dv eh el em en er eu ex fa fm go gp ha he hi ho hq
  hz id if in io ip is it iv ix jr kg km la lo ma me mi mm mr ms mu my na no of oh oi ok on op or ow
  ox oz pa pc pe pi pm pr ps re sh so st ta ti to tv ud uh uk um un up us vi vr vs we xi xx ya ye yo
  abs ace act add ado ads aft age ago aha aid ail aim air ale all alt amp amy and ann ant any ape app
  apt arc are ark arm art ash ask asp ass ate awe awl axe aye baa bad bag bah ban bap bar bat bay bed
  bee beg bel ben bet bib bid big bin bio bit boa bob bod bog boo bop bot bow box boy bra bro brr bub
  bud bug bum bun bur bus but buy bye cab cad cam can cap car cat caw cay chi cob cod cog col con coo
  cop cot cow cox coy cpu cry cub cud cue cum cup cur cut dab dad dag dal dam dan das day deb dec def
  del den dew did die dig dim din dip dis dna doc doe dog don dot dry dub dud due dug duh dun duo dux
  dvd dye ear eat ebb eco eel egg ego eek eke elf elk ell elm emo emu end eon era erg err est eve ewe
  eye fab fad fag fah fan far fat fax fay fbi fck feb fed fee fem fen few fey fez fib fig fin fir fit fix
  flu fly fob foe fog foo fop for fox foy fro fry fug fuk fun fur gab gad gag gal gap gas gay gaz gel
  gem gen geo get gif gig gin git gnu goa gob god goo got gov gow gpu gui gum gun gus gut guv guy gym
  had hae hag hah ham han has hat haw hay hem hen her hes hew hex hey hid hie him hin hip his hit hmm
  hob hod hoe hog hop hor hot how hub hue hug huh hum hun hup hur hut ian ice icy ids ifs ilk ill imp
  ink inn ins ion ipa ira ire irk isl ism isp its ivy jab jag jam jan jap jar jaw jay jed jet jew jib
  jig jim job joe jog jon jot joy jpg jug jul jun jus jut kay keg ken key kid kim kin kit kkk kip koi
  lab lac lad lag lam lap law lax lay lea led lee leg lei leo les let lev lew lib lid lie lip lit lob
  log loo lop lot low lox lsd lug luv lux lye mac mad mae mag man map mar mas mat maw max may meg mel
  men met mew mic mid mil mim mix mob mod mol mom moo mop mow mrs mud mug mum nab nag nah nan nap nat
  nay ned nee net new nib nig nil nip nit nix nod nor not nov now nth nub nun nut oaf oak oar oat
  obs odd ode off oft oil old ole oms one ooh oof opt orb orc ore org oud our out ova owe owl own pac
  pad pal pan pap par pas pat paw pax pay pdf pea pee peg pen pep per pet pew phd pic pie pig pin pip
  pit pix ply pod poi pop pot pow pox pro pry psi pub pug pul pun pup pus put pvc qua quo rab rad rag
  rah raj ram ran rap rat raw ray reb rec red ref reg rem rep res rev rex rho rib rid rig rim rip rob
  roc rod roe ron rot row rub rue rug rum run rut rye sac sad sag sal sam san sap sat saw sax say sea
  sec see seg sen set sew sex sha she shh shy sib sic sin sip sir sis sit six ska ski sky sly sob sod
  sol son sop sot sou sow soy spa spy sri ssh sty sub sue sum sun sup tab tad tag taj tan tao tap tar
  tas tat tau tax tea ted tee ten tex the tho thy tic tie til tim tin tip tit tod toe tog tom ton too
  top tor tot tow toy try tub tug tui tut tux two udo ugh uke ump uni ups urn usa use van vat veg vet
  vex via vie vim viz vod vow vox vpn wad wag wan war was wax way web wed wee wen wet who why wig win
  wit wiz wod woe wok won woo wot wow wry wtf xix xml xvi xxx yah yak yam yap yaw yay yea yen yep yes
  yet yew yin yip yob yon you yow yuh yuk yum yup zac zag zap zed zee zen zig zip zit zoe zoo`.split(
    /\s+/,
  ),
);

/** The list of each tokenizer, which does not change. */
const rareTokens = new WeakMap<ClipTokenizer, readonly string[]>();

/**
 * Lists the tokens that may serve as identifiers.
 *
 * Each is a whole word of two or three lower-case letters or digits from the later half of the ids,
 * no common word, and encodes to the one id that decodes to it. No longer token ends with it: such
 * an ending (`eld` of `field`) takes part in words that are not merged to the end.
 *
 * @param tokenizer of the checkpoint
 * @returns identifiers, rarest (latest merge) first
 */
export function listRareTokens(tokenizer: ClipTokenizer): readonly string[] {
  let rare = rareTokens.get(tokenizer);
  if (rare === undefined) {
    rare = findRareTokens(tokenizer);
    rareTokens.set(tokenizer, rare);
  }
  return rare;
}

function findRareTokens(tokenizer: ClipTokenizer): string[] {
  const firstId = tokenizer.vocabSize / 2;
  const late: [string, number][] = [];
  const endings = new Set<string>();
  for (const [token, id] of tokenizer.tokens()) {
    if (!token.endsWith(END_OF_WORD)) continue;
    const word = token.slice(0, -END_OF_WORD.length);
    if (word.length > 2) endings.add(word.slice(-2));
    if (word.length > 3) endings.add(word.slice(-3));
    if (id >= firstId && IDENTIFIER_PATTERN.test(word)) late.push([word, id]);
  }
  return late
    .filter(([word]) => !NOT_RARE.has(word) && !endings.has(word))
    .sort(([, a], [, b]) => b - a)
    .filter(([word, id]) => {
      const ids = tokenizer.encode(tokenizer.decode([id]));
      return ids.length === 1 && ids[0] === id && tokenizer.decode([id]) === word;
    })
    .map(([word]) => word);
}

/**
 * Picks an identifier, each rare token that is free being equally likely.
 *
 * @param tokenizers of the checkpoint; the identifier is rare in each
 * @param options.taken identifiers of the user's other subjects on this base
 * @param options.seed any integer; the same seed and taken set give the same identifier
 * @throws {IdentifierError} when none is left
 */
export function pickIdentifier(
  [first, ...others]: readonly [ClipTokenizer, ...ClipTokenizer[]],
  { taken, seed }: { readonly taken: ReadonlySet<string>; readonly seed: number },
): string {
  const rareElsewhere = others.map((tokenizer) => new Set(listRareTokens(tokenizer)));
  const rare = listRareTokens(first).filter((word) => rareElsewhere.every((set) => set.has(word)));
  const free = rare.filter((word) => !taken.has(word));
  const identifier = free[Math.floor(uniformOf(seed) * free.length)];
  if (identifier === undefined) {
    throw new IdentifierError(
      `expected a free identifier, but all ${rare.length} rare tokens of this base are taken`,
    );
  }
  return identifier;
}

/** One number in [0, 1) from a seed: murmur3's 32-bit finaliser, which scatters neighbours. */
function uniformOf(seed: number): number {
  let bits = Math.imul(seed | 0, 0x9e3779b1);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}
