/** @file Words that prompts use beyond the world's own captions. */

/** Common English words for prompts, most useful first; each becomes one token while there is room. */
export const COMMON_WORDS: readonly string[] =
  `the of to it is in on at by for from with without and or as an this that my your his her its their
our one two three four five some many very top view side front back above below under over near next
style art painting photo picture drawing image portrait sketch print poster sculpture statue oil ink
pencil paint color colour black white bright dark light soft sharp old new young big small little
large tiny huge tall short long wide thin fat round square shape shaped cube wet dry hot cold warm
shiny clean dirty happy sad angry sleepy funny cute beautiful pretty nice good bad great fine best
wearing holding sitting standing running jumping sleeping walking flying swimming eating playing
reading looking smiling driving floating riding seen made lying dancing singing cooking hat cap
scarf shirt coat dress shoes glasses crown outfit costume chef wizard police santa fire fighter
witch monocle bow tie ribbon boots bag box ball book cup plate bottle table chair bed lamp door
window wall floor roof house home garden park forest tree trees flower flowers leaf leaves river
lake sea ocean water wave sand stone rock hill mountain sky cloud clouds sun moon star stars rain
snow wind storm ice summer winter spring autumn morning evening day night time road bridge town
village castle tower church school shop market farm field kitchen bathroom bedroom office space
planet world earth island boat ship train bus truck bike plane rocket wheel animal animals dog dogs
cat cats kitten puppy bird birds fish horse cow sheep pig duck chicken rabbit bear wolf fox lion
tiger elephant monkey mouse frog snake turtle bee butterfly dragon unicorn dinosaur robot monster
ghost man woman boy girl baby child children people person king queen prince princess knight friend
toy toys doll game paper wood wooden metal plastic glass gold silver iron clay wool fabric cloth
leather rug carpet blanket pillow bowl can candle clock vase teapot sneaker boot backpack stuffed
bread cake cheese apple orange lemon banana cherry pizza egg milk tea coffee sugar chocolate
background foreground scene landscape close up down left right middle center corner inside outside
behind between around through across into out off away high low full empty half whole open closed
like love make take give put get go come see look want need let be are was were has have had do does
not no yes all any each every other same different more most less few much only just also too so
then than when where while what who how here there now famous vincent van gogh picasso monet
michelangelo rembrandt warhol cartoon comic anime pixel mosaic watercolor stained realistic
detailed quality professional digital modern vintage ancient abstract cubist impressionist
colorful rainbow striped spotted golden turquoise violet lime navy beige cyan magenta teal`
    .split(/\s+/)
    .filter((word) => word !== '');

/** Short words and abbreviations that must not serve as identifiers. */
export const SHORT_WORDS: ReadonlySet<string> = new Set(
  `sks tv dj mr ms vs km kg cm mm ml mb gb kb px pm hq hd cd dvd pc nyc mph rpm bbq xmas zzz hmm shh
brr psst www jpg png gif xyz pvc cnn bbc fbi cia dna rna gps usb html css php sql bmw kfc nfl nba
nhl xl xxl xs vr tvs bmx lgbt rgb hbo pdf mtv wtf lmk brb txt llc phd jr sr dr st ft lb`.split(
    /\s+/,
  ),
);
