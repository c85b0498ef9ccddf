//! The lists behind the lexicon: words, their roles, and the value of the role that has one.
//!
//! Written for this purpose out of general knowledge of clinical writing in the United States; street suffixes after
//! Publication 28 of the Postal Service.

use super::super::label::Noun;
use super::{
    CODE, DIRECTION, FIGURE, FILLER, FLAT, FUNCTION, LABEL, MARK, MONTH, ORDINAL, REPEAT, SCALE, STATE, STREET, TEEN,
    TENS, UNIT, USUAL_TLD, WAY,
};

/// Words divided by blanks, roles, value.
pub(super) const LISTS: &[(&str, u32, u8)] = &[
    ("january jan enero janvier", MONTH, 1),
    ("february feb febrero fevrier", MONTH, 2),
    ("march mar mars marzo", MONTH, 3),
    ("april apr abril avril", MONTH, 4),
    ("may mayo mai", MONTH, 5),
    ("june jun junio juin", MONTH, 6),
    ("july jul julio juillet", MONTH, 7),
    ("august aug agosto aout", MONTH, 8),
    ("september sept sep septiembre septembre", MONTH, 9),
    ("october oct octubre octobre", MONTH, 10),
    ("november nov noviembre novembre", MONTH, 11),
    ("december dec diciembre decembre", MONTH, 12),
    ("zero oh o", FIGURE, 0),
    ("one", FIGURE, 1),
    ("two", FIGURE, 2),
    ("three", FIGURE, 3),
    ("four", FIGURE, 4),
    ("five", FIGURE, 5),
    ("six", FIGURE, 6),
    ("seven", FIGURE, 7),
    ("eight", FIGURE, 8),
    ("nine niner", FIGURE, 9),
    ("ten", TEEN, 10),
    ("eleven", TEEN, 11),
    ("twelve", TEEN, 12),
    ("thirteen", TEEN, 13),
    ("fourteen", TEEN, 14),
    ("fifteen", TEEN, 15),
    ("sixteen", TEEN, 16),
    ("seventeen", TEEN, 17),
    ("eighteen", TEEN, 18),
    ("nineteen", TEEN, 19),
    ("twenty", TENS, 20),
    ("thirty", TENS, 30),
    ("forty fourty", TENS, 40),
    ("fifty", TENS, 50),
    ("sixty", TENS, 60),
    ("seventy", TENS, 70),
    ("eighty", TENS, 80),
    ("ninety", TENS, 90),
    ("first", ORDINAL, 1),
    ("second", ORDINAL, 2),
    ("third", ORDINAL, 3),
    ("fourth", ORDINAL, 4),
    ("fifth", ORDINAL, 5),
    ("sixth", ORDINAL, 6),
    ("seventh", ORDINAL, 7),
    ("eighth", ORDINAL, 8),
    ("ninth nineth", ORDINAL, 9),
    ("tenth", ORDINAL, 10),
    ("eleventh", ORDINAL, 11),
    ("twelfth twelth", ORDINAL, 12),
    ("thirteenth", ORDINAL, 13),
    ("fourteenth", ORDINAL, 14),
    ("fifteenth", ORDINAL, 15),
    ("sixteenth", ORDINAL, 16),
    ("seventeenth", ORDINAL, 17),
    ("eighteenth", ORDINAL, 18),
    ("nineteenth", ORDINAL, 19),
    ("twentieth", ORDINAL, 20),
    ("thirtieth", ORDINAL, 30),
    ("hundred", SCALE, 2),
    ("thousand", SCALE, 3),
    ("double", REPEAT, 2),
    ("triple", REPEAT, 3),
    (
        "mg mgs mcg ug kg kgs lb lbs pound pounds oz ounce ounces gram grams gm gms g ml mls cc ccs dl liter liters l \
         milligram milligrams microgram micrograms milliliter milliliters unit units iu meq mmol mol mosm mmhg bpm cm \
         mm centimeter centimeters millimeter millimeters inch inches feet ft foot meter meters mile miles percent",
        UNIT,
        0,
    ),
    (
        "second seconds sec secs minute minutes min mins hour hours hr hrs day days week weeks wk wks month months mo \
         mos year years yr yrs time times x degree degrees celsius fahrenheit night nights",
        UNIT,
        0,
    ),
    (
        "tablet tablets tab tabs capsule capsules cap caps pill pills puff puffs drop drops gtt gtts patch patches \
         dose doses vial vials refill refills spray sprays teaspoon teaspoons tsp tablespoon tbsp ampule ampules \
         packs pack ppd cups cup beats breaths steps reps sets joules gy cgy rads mhz hz khz bid tid qid prn po iv im \
         sq subq cells copies sq ng pg nmol pmol kcal cal cals calories calorie dollars cents bucks stitches sutures french fr \
         gauge ga people patients cases children kids siblings brothers sisters pounds stars points",
        UNIT,
        0,
    ),
    (
        "street avenue ave boulevard blvd road rd lane ln turnpike tpke parkway pkwy highway hwy expressway expy \
         freeway fwy concourse terrace terr ter alley causeway cswy crescent cres str strasse",
        STREET,
        0,
    ),
    (
        "st dr drive court ct circle cir place pl way trail trl square sq loop run path pike row plaza plz point pt \
         cove cv crossing xing ridge rdg hill hills hollow holw landing lndg manor mnr meadow meadows mews mill park \
         pass view vw vista walk bend bnd bluff blf branch br bridge brg brook brk center ctr estates gardens gdns \
         glen gln green grn grove grv harbor heights hts island isle junction jct key knoll knl lake lakes route rte \
         shore shores spring springs station summit trace trce tunnel valley vly village vlg ville broadway bypass \
         commons corner corners creek crk crest dale fork gate garden esplanade strip promenade quay wharf mall close rise club cliff canyon cape camp burg",
        WAY,
        0,
    ),
    ("north south east west northeast northwest southeast southwest n s e w ne nw se sw", DIRECTION, 0),
    ("apt apartment suite ste unit flat bldg building floor fl rm trlr lot spc", FLAT, 0),
    (
        "icd cpt hcpcs loinc snomed ndc rxnorm rxcui cvx mvx drg section sections sec version versions ver v page \
         pages pg pp chapter figure fig table cfr usc part title paragraph rule grade code codes protocol nct pmid doi \
         isbn build release rev revision firmware software article appendix item items question line lines sct cfr \
         subpart public hl ansi iso cvc ccvs pub diagnosis dx modifier revenue taxonomy loincs form edition volume vol \
         issue rs hgvs chr exon nm np",
        CODE,
        0,
    ),
    (
        "is was are be being of for the a an this that his her hers their my your our its it to on at in file listed \
         given di current old new home work cell mobile office primary secondary main direct and or as has had \
         with from by he she they you i me him them us patient patients the same following below above here please \
         we be will would can could please back up reads recorded per under full complete valid last ending ends end \
         digits digit daytime evening emergency preferred alternate assigned issued address scan",
        FILLER,
        0,
    ),
    (
        "the a an of for in on at to and or with without from by per as is was are were be been has had have will \
         would can could should may might must do does did not no but if when while then than so he she they it we \
         you i his her their its this that these those who which what after before during since until because due \
         about into over under between each every once twice daily weekly monthly also patient patients pt pain \
         history year years female male day days week weeks month months hour hours minute minutes times",
        FUNCTION,
        0,
    ),
    ("number numbers no num nbr nr nbrs nos id ids identifier identification nmbr numb", MARK, 0),
    ("expediente mrn mrns emrn mrno medrec umrn mpi empi uhid mpn medrecno pid ptid hrn", LABEL, Noun::Mrn as u8),
    ("mr", LABEL, Noun::MrWeak as u8),
    ("record rec records chart patient file folder jacket film hn urn hospno hrno", LABEL, Noun::Record as u8),
    ("csn fin har encounter visit episode admission", LABEL, Noun::Visit as u8),
    ("accession acc accn specimen order requisition case sample pathology study exam", LABEL, Noun::Order as u8),
    ("ssn ssns sss", LABEL, Noun::Ssn as u8),
    ("social ss", LABEL, Noun::Social as u8),
    ("security sec", LABEL, Noun::Security as u8),
    ("itin tin taxpayer tax", LABEL, Noun::Taxpayer as u8),
    ("ein fein", LABEL, Noun::Employer as u8),
    ("npi", LABEL, Noun::Npi as u8),
    ("dea", LABEL, Noun::Dea as u8),
    ("mbi hicn hic", LABEL, Noun::Medicare as u8),
    (
        "policy member subscriber group grp plan beneficiary insurance medicare medicaid insured enrollee coverage \
         policyholder payer payor mbr subs subscr hmo ppo mcd mcaid mcr mcare pol contract cin tricare champva masshealth bcbs aetna humana cigna uhc tenncare anthem kaiser medigap contrato poliza afiliado",
        LABEL,
        Noun::Plan as u8,
    ),
    ("bin pcn rxbin rxpcn rxgrp rxgroup", LABEL, Noun::Pharmacy as u8),
    ("acct account accounts acctno cuenta ck chk", LABEL, Noun::Account as u8),
    (
        "claim claims invoice bill receipt statement authorization auth referral confirmation reference ref \
         transaction trans payment inv remit preauthorization precertification icn dcn tcn ticket",
        LABEL,
        Noun::Claim as u8,
    ),
    ("card visa mastercard amex discover debit credit", LABEL, Noun::Card as u8),
    ("routing aba rtn", LABEL, Noun::Routing as u8),
    ("iban bban", LABEL, Noun::Iban as u8),
    (
        "license licence lic licenses certificate cert certification registration permit dl cdl upin caqi caqh \
         licensure credential ptan sbn oln cdln notary",
        LABEL,
        Noun::License as u8,
    ),
    ("passport alien uscis", LABEL, Noun::Passport as u8),
    (
        "employee empl incident custody docket warrant tracking job match student inmate prisoner booking military veteran edipi payroll personnel staff kindred pedigree siis iis ncir calir asiis nysiis cdcr fbop cib ups usps fedex sr emp pcr ticketno osis sid asset registry enrollment \
         employment prescription rx scrip username login user participant subject screening donor",
        LABEL,
        Noun::Other as u8,
    ),
    ("nin nhs hsn hcn phn ohip ramq bvn nida aadhaar national personal", LABEL, Noun::National as u8),
    ("plate plates tag", LABEL, Noun::Plate as u8),
    ("vin vehicle", LABEL, Noun::Vin as u8),
    ("serial sn aid ser", LABEL, Noun::SerialNumber as u8),
    ("badge barcode wristband bracelet armband caseworker", LABEL, Noun::Badge as u8),
    ("lot model device implant pacemaker batch", LABEL, Noun::Serial as u8),
    ("udi gtin hibc", LABEL, Noun::Udi as u8),
    ("imei meid esn", LABEL, Noun::Imei as u8),
    (
        "phone phones telephone tel cell cellphone mobile call called calling callback contact contacts pager beeper reach reached \
         dial dialed ph tele landline phn telefono text texted extension voicemail hotline home work switchboard answering phoned rang",
        LABEL,
        Noun::Phone as u8,
    ),
    ("fax facsimile faxed faxes fx telefax", LABEL, Noun::Fax as u8),
    (
        "dob birthdate birthday birth born date dates dated dos doa dod doi seen admitted discharged since bday \
         birthed admit discharge service signed dictated transcribed performed expires effective collected received recd reqd \
         deceased died reported d t",
        LABEL,
        Noun::Date as u8,
    ),
    ("zip zipcode postal", LABEL, Noun::Zip as u8),
    ("ip ipv", LABEL, Noun::Ip as u8),
    (
        "fingerprint fingerprints retina retinal iris voiceprint biometric biometrics palmprint faceprint dna",
        LABEL,
        Noun::Biometric as u8,
    ),
    ("photo photos photograph photographs picture headshot snapshot image images", LABEL, Noun::Photo as u8),
    ("com org net edu gov mil biz info health example", USUAL_TLD, 0),
    (
        "alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois \
      indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri \
      montana nebraska nevada ohio oklahoma oregon pennsylvania tennessee texas utah vermont virginia washington \
      wisconsin wyoming columbia hampshire jersey mexico york carolina dakota island rico",
        STATE,
        0,
    ),
];
