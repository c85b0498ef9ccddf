//! Given names and what people are called instead.
//!
//! Written by hand from general knowledge; a line holds names that may stand for one another. A name may stand in several lines, and two
//! names are the same only if one line holds both.
//!
//! What must always hold: small letters without marks.
//!
//! What it refuses to know: which name is the right one.

const LINES: &str = "\
alexander alex al sandy xander lex sasha
alexandra alex sandra sandy lexi alexa sasha
abigail abby abbie gail
andrew andy drew
anthony tony
antonio tony
anne ann annie nan nancy anna
arthur art artie
barbara barb barbie babs
benjamin ben benny benji
bernard bernie
bradley brad
catherine katherine kathryn kate katie kathy cathy kit kitty kay cat
charles charlie chuck chas
christine christina chris chrissy tina christy
christopher chris kit topher
clifford cliff
cynthia cindy
daniel dan danny
danielle dani
david dave davey
deborah debra deb debbie
donald don donnie
dorothy dot dottie dolly
douglas doug
edward ed eddie ned ted teddy
eleanor ellie nell nora lenora
elizabeth liz lizzie beth betty betsy eliza libby lisa elsie bess
emily em emmy
eugene gene
evelyn evie
florence flo
francis frank frankie
francisco paco frank pancho
frances fran frannie francie
frederick fred freddie
gabriel gabe
gabriela gabriella gaby gabby
gerald gerry jerry
gregory greg
harold hal harry
henry hank harry hal
isabella isabel izzy bella
jacob jake
jacqueline jackie
james jim jimmy jamie
janet jan
jeffrey jeff
jennifer jen jenny
jeremiah jeremy jerry
jessica jess jessie
jesus chuy
john johnny jack jon
jonathan jon johnny nathan
jose pepe joe
joseph joe joey
josephine jo josie
joshua josh
judith judy
julia julie
kenneth ken kenny
kimberly kim
laurence lawrence larry
leonard leo len lenny
lillian lily lil
louis lou louie
louise lou
luis lucho
margaret maggie meg peggy marge margie greta daisy
maria mary mia
martha marty patty
martin marty
mary molly polly mamie may
matthew matt matty
maximilian max
megan meg
melissa missy lissa
michael mike mikey mick mickey
michelle shelly
mohammed muhammad mohamed mo
nathaniel nathan nate nat
nicholas nick nicky
nicole nikki nicky
olivia liv livvy
oliver ollie
pamela pam
patricia pat patty trish tricia
patrick pat paddy
peter pete
philip phillip phil
rachel rae
raymond ray
rebecca becky becca
richard rich rick dick ricky richie
robert rob bob bobby robbie bert
roberta bobbie
ronald ron ronnie
samantha sam sammy
samuel sam sammy
sandra sandy
sarah sara sally sadie
sophia sofia sophie
stephanie steph
stephen steven steve
susan sue susie suzanne suzy
teresa theresa terry tess tessa
theodore ted teddy theo
thomas tom tommy
timothy tim
tobias toby
valerie val
veronica ronnie vera
victor vic
victoria vicky tori
vincent vince vinny
virginia ginny ginger
walter walt wally
william will bill billy liam willie
zachary zach zack
";

/// May one stand for the other.
pub(super) fn stand_for(one: &str, other: &str) -> bool {
    let mut lines = LINES.lines();
    lines.any(|line| {
        let has = |name: &str| line.split(' ').any(|known| known == name);
        has(one) && has(other)
    })
}

#[cfg(test)]
mod tests {
    use super::{LINES, stand_for};

    #[test]
    fn short_names_stand_for_long_ones_and_not_for_each_others() {
        assert!(stand_for("bill", "william") && stand_for("liam", "william") && stand_for("peggy", "margaret"));
        assert!(stand_for("sandy", "alexander") && !stand_for("sandra", "alexander"));
        assert!(!stand_for("john", "james"));
        assert!(LINES.lines().all(|line| line.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b' ')));
    }
}
