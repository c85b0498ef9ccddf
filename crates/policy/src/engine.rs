//! The engine: Cedar, held on a short lead.
//!
//! Loading is strict ([`load`]), and so is evaluating: Cedar skips a policy that errs, which turns a forbid into
//! silence, so that any error is a refusal. Entities and requests are checked against the schema each time. What was
//! worked out once is remembered ([`answers`]): the policies do not change while the process runs.

mod answers;
pub(crate) mod load;

use crate::question::{self, Asker, Question, View};
use crate::{Decision, Facts, Permit, Refusal, Why};
use answers::{Answers, Asked};
use cedar_policy::{
    Authorizer, Context, Decision as Answer, Entities, Entity, EntityUid, PolicyId, Request, RestrictedExpression,
    Schema,
};
use load::{Names, POLICIES, PolicyError, Rules, SCHEMA};
use record::action::StepUp;
use record::{Act, Action, Intent, Purpose};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The policies, read and validated. Cheap to share by reference; holds no state but what it has answered before.
#[derive(Debug)]
pub struct Policy {
    authorizer: Authorizer,
    pub(crate) schema: Schema,
    whys: HashMap<PolicyId, Why>,
    names: Names,
    rules: HashMap<Action, Rules>,
    answers: Answers,
}

impl Policy {
    /// Reads and strictly validates the embedded schema and policies.
    ///
    /// # Errors
    /// [`PolicyError`] on any error or warning; nothing may start then.
    pub fn embedded() -> Result<Self, PolicyError> {
        Self::load(SCHEMA, POLICIES)
    }

    /// The same from given texts. Not public: whoever could bring their own policies could mint permits.
    pub(crate) fn load(text: &str, files: &[(&str, &str)]) -> Result<Self, PolicyError> {
        let load::Loaded { schema, whys, names, rules } = load::load(text, files)?;
        Ok(Self { authorizer: Authorizer::new(), schema, whys, names, rules, answers: Answers::default() })
    }

    /// May they. Pure and total: the same intent and facts give the same answer, and every doubt is a refusal.
    pub fn decide<A: Act>(&self, intent: Intent, facts: &Facts) -> Decision<A> {
        match self.judge(A::ACTION, &intent, facts) {
            Ok(()) => Decision::Permit(Permit::mint(intent)),
            Err(why) => Decision::Refusal(Refusal::of(intent, why)),
        }
    }

    /// The same for an act known only as a value; mints nothing.
    pub(crate) fn judge(&self, action: Action, intent: &Intent, facts: &Facts) -> Result<(), Why> {
        if intent.action() != action {
            return Err(Why::WrongAction);
        }
        let question = question::put(action, intent, facts)?;
        self.answer(action, intent.purpose(), &question)
    }

    fn answer(&self, action: Action, purpose: Purpose, question: &Question) -> Result<(), Why> {
        self.is_in_place(action, question)?;
        let Question { asker, views, touched } = question;
        views.iter().try_for_each(|view| {
            let asked = Asked { action, purpose, touched: *touched, asker: asker.clone(), view: *view };
            if let Some(answer) = self.answers.find(&asked) {
                return answer;
            }
            let answer = self.work_out(&asked);
            self.answers.keep(asked, answer);
            answer
        })
    }

    /// No thing's answer depends on the others that are asked about with it, so that each is asked about alone.
    fn work_out(&self, asked: &Asked) -> Result<(), Why> {
        let Asked { action, purpose, touched, asker, view } = asked;
        let alone = Question { asker: asker.clone(), views: BTreeSet::from([*view]), touched: *touched };
        let (requests, entities) = self.requests(*action, *purpose, &alone)?;
        let rules = self.rules.get(action).ok_or(Why::PolicyError)?;
        requests.iter().try_for_each(|request| self.one(request, &entities, rules))
    }

    /// Can somebody of this kind ask for this act upon things of these kinds at all.
    fn is_in_place(&self, action: Action, question: &Question) -> Result<(), Why> {
        let rules = self.rules.get(&action).ok_or(Why::PolicyError)?;
        if !question.views.iter().all(|view| rules.things.contains(view.type_name())) {
            return Err(Why::OutOfPlace);
        }
        if !rules.askers.contains(asker_type(&question.asker)) || question.views.is_empty() {
            return Err(Why::NotPermitted);
        }
        Ok(())
    }

    /// What Cedar is asked, built and checked against the schema: one request for each view. Never empty.
    pub(crate) fn requests(
        &self,
        action: Action,
        purpose: Purpose,
        question: &Question,
    ) -> Result<(Vec<Request>, Entities), Why> {
        self.is_in_place(action, question)?;
        let asker = self.names.uid(asker_type(&question.asker), "asker")?;
        let things: Vec<(EntityUid, View)> = question
            .views
            .iter()
            .enumerate()
            .map(|(place, view)| Ok((self.names.uid(view.type_name(), &place.to_string())?, *view)))
            .collect::<Result<_, Why>>()?;
        let entities = self.entities(&asker, question, &things)?;
        let context = self.context(action, purpose, question.touched)?;
        let action = self.names.actions.get(&action).ok_or(Why::PolicyError)?;
        let request = |(thing, _): (EntityUid, View)| {
            Request::new(asker.clone(), action.clone(), thing, context.clone(), Some(&self.schema))
                .map_err(|_| Why::PolicyError)
        };
        Ok((things.into_iter().map(request).collect::<Result<_, Why>>()?, entities))
    }

    /// One evaluation. An error in any policy is a refusal, whatever the others say.
    fn one(&self, request: &Request, entities: &Entities, rules: &Rules) -> Result<(), Why> {
        let response = self.authorizer.is_authorized(request, &rules.policies, entities);
        let diagnostics = response.diagnostics();
        if diagnostics.errors().next().is_some() {
            return Err(Why::PolicyError);
        }
        if response.decision() == Answer::Allow {
            return Ok(());
        }
        // The forbids that stood in the way, each with its reason; none means that nothing permitted it.
        let mut whys: BTreeSet<Why> =
            diagnostics.reason().map(|id| self.whys.get(id).copied().unwrap_or(Why::PolicyError)).collect();
        let permits = self.authorizer.is_authorized(request, &rules.permits, entities);
        if permits.decision() != Answer::Allow {
            whys.insert(Why::NotPermitted);
        }
        Err(whys.first().copied().unwrap_or(Why::PolicyError))
    }

    fn context(&self, action: Action, purpose: Purpose, touched: bool) -> Result<Context, Why> {
        let purpose = RestrictedExpression::new_entity_uid(self.names.uid("Purpose", purpose.as_str())?);
        Context::from_pairs([
            ("purpose".to_owned(), purpose),
            ("touch_needed".to_owned(), RestrictedExpression::new_bool(action.step_up() == StepUp::Fresh)),
            ("touched".to_owned(), RestrictedExpression::new_bool(touched)),
        ])
        .map_err(|_| Why::PolicyError)
    }

    fn entities(&self, asker: &EntityUid, question: &Question, things: &[(EntityUid, View)]) -> Result<Entities, Why> {
        let mut all = Vec::with_capacity(things.len() + 1);
        all.push(self.asker_entity(asker, &question.asker)?);
        for (uid, view) in things {
            all.push(self.thing_entity(uid, *view)?);
        }
        Entities::from_entities(all, Some(&self.schema)).map_err(|_| Why::PolicyError)
    }

    fn asker_entity(&self, uid: &EntityUid, asker: &Asker) -> Result<Entity, Why> {
        let (attributes, parents) = match asker {
            Asker::Person { signed_in, suspended, passkeys, assigned, has_place, in_request, roles } => {
                let mut attributes = bools(&[
                    ("signed_in", *signed_in),
                    ("suspended", *suspended),
                    ("assigned", *assigned),
                    ("has_place", *has_place),
                    ("in_request", *in_request),
                ]);
                attributes.insert("passkeys".to_owned(), RestrictedExpression::new_long(i64::from(*passkeys)));
                let parents = roles.iter().map(|role| self.names.uid("Role", role.as_str()));
                (attributes, parents.collect::<Result<HashSet<_>, Why>>()?)
            }
            Asker::Program { in_force, at_home, granted } => {
                let attributes = bools(&[("in_force", *in_force), ("at_home", *at_home), ("granted", *granted)]);
                (attributes, HashSet::new())
            }
            Asker::Job | Asker::Stranger => (HashMap::new(), HashSet::new()),
        };
        Entity::new(uid.clone(), attributes, parents).map_err(|_| Why::PolicyError)
    }

    fn thing_entity(&self, uid: &EntityUid, view: View) -> Result<Entity, Why> {
        let attributes = match view {
            View::Document {
                state,
                confidentiality,
                by_asker,
                to_asker,
                uploaded_by_asker,
                in_care,
                glass_broken,
                read_by_practice,
                delivered_just_now,
            } => {
                let mut attributes = bools(&[
                    ("by_asker", by_asker),
                    ("to_asker", to_asker),
                    ("uploaded_by_asker", uploaded_by_asker),
                    ("in_care", in_care),
                    ("glass_broken", glass_broken),
                    ("read_by_practice", read_by_practice),
                    ("delivered_just_now", delivered_just_now),
                ]);
                let state = self.names.uid("State", state.as_str())?;
                attributes.insert("state".to_owned(), RestrictedExpression::new_entity_uid(state));
                let confidentiality = self.names.uid("Confidentiality", confidentiality.as_str())?;
                attributes.insert("confidentiality".to_owned(), RestrictedExpression::new_entity_uid(confidentiality));
                attributes
            }
            View::Patient { in_care, glass_broken, named_by_document } => {
                bools(&[("in_care", in_care), ("glass_broken", glass_broken), ("named_by_document", named_by_document)])
            }
            View::BreakGlass { by_asker } => bools(&[("by_asker", by_asker)]),
            View::Customer {
                agreement_in_force,
                home_of_asker,
                assigned_to_asker,
                request_known,
                requested_by_asker,
                joining_agreed,
            } => bools(&[
                ("agreement_in_force", agreement_in_force),
                ("home_of_asker", home_of_asker),
                ("assigned_to_asker", assigned_to_asker),
                ("request_known", request_known),
                ("requested_by_asker", requested_by_asker),
                ("joining_agreed", joining_agreed),
            ]),
            View::Membership { at_operator, is_asker, request_known, requested_by_asker } => bools(&[
                ("at_operator", at_operator),
                ("is_asker", is_asker),
                ("request_known", request_known),
                ("requested_by_asker", requested_by_asker),
            ]),
            View::EmptyPage | View::Myself | View::System => HashMap::new(),
        };
        Entity::new(uid.clone(), attributes, HashSet::new()).map_err(|_| Why::PolicyError)
    }
}

const fn asker_type(asker: &Asker) -> &'static str {
    match asker {
        Asker::Person { .. } => "Person",
        Asker::Program { .. } => "Program",
        Asker::Job => "Job",
        Asker::Stranger => "Stranger",
    }
}

fn bools(pairs: &[(&str, bool)]) -> HashMap<String, RestrictedExpression> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), RestrictedExpression::new_bool(*value))).collect()
}

#[cfg(test)]
mod tests {
    use super::Policy;
    use super::load::{POLICIES, PolicyError, SCHEMA};
    use crate::{Decision, Facts, Why};
    use record::{Intent, ManualClock, Principal, Purpose, Resources, SeededEntropy, act};

    fn stranger_signs_in() -> Intent {
        let (clock, entropy) = (ManualClock::at_unix_millis(1), SeededEntropy::new(1));
        let who = (Principal::Stranger, None);
        Intent::to::<act::SessionStart>(&clock, &entropy, who, None, Resources::none(), Purpose::Operations)
    }

    fn with(extra: &str) -> Result<Policy, PolicyError> {
        let mut files = POLICIES.to_vec();
        files.push(("extra.cedar", extra));
        Policy::load(SCHEMA, &files)
    }

    fn why(policy: &Policy) -> Option<Why> {
        match policy.decide::<act::SessionStart>(stranger_signs_in(), &Facts::default()) {
            Decision::Permit(_) => None,
            Decision::Refusal(refusal) => Some(refusal.why()),
        }
    }

    /// Overflows only while it is evaluated, so that it passes strict validation, as a real slip would.
    const ERRS: &str = "9223372036854775807 + (if principal is Stranger then 1 else 0) > 0";

    #[test]
    fn a_failure_is_not_remembered() {
        let erring =
            format!("@id(\"errs\") @why(\"suspended\") forbid (principal, action, resource) when {{ {ERRS} }};");
        let policy = with(&erring).expect("it is valid until it is evaluated");
        for _ in 0..2 {
            assert_eq!(why(&policy), Some(Why::PolicyError));
            assert_eq!(policy.answers.len(), 0);
        }
        let sound = with("").expect("nothing was added");
        assert_eq!((why(&sound), sound.answers.len()), (None, 1));
    }

    #[test]
    fn a_forbid_that_errs_is_a_refusal_although_cedar_would_allow() {
        assert_eq!(why(&with("").expect("nothing was added")), None);
        let erring =
            format!("@id(\"errs\") @why(\"suspended\") forbid (principal, action, resource) when {{ {ERRS} }};");
        let policy = with(&erring).expect("it is valid until it is evaluated");
        assert_eq!(why(&policy), Some(Why::PolicyError));
    }

    #[test]
    fn a_permit_that_errs_is_a_refusal_although_another_permits() {
        let erring = format!("@id(\"errs\") permit (principal, action, resource) when {{ {ERRS} }};");
        assert_eq!(why(&with(&erring).expect("it is valid until it is evaluated")), Some(Why::PolicyError));
    }

    #[test]
    fn a_forbid_beats_every_permit() {
        let policy = with("@id(\"no\") @why(\"own_act\") forbid (principal, action, resource);").expect("valid");
        assert_eq!(why(&policy), Some(Why::OwnAct));
    }

    #[test]
    fn whatever_is_not_in_order_does_not_start() {
        for (extra, what) in [
            ("permit (principal, action, resource);", "no id"),
            ("@id(\"\") permit (principal, action, resource);", "an empty id"),
            ("@id(\"x\") forbid (principal, action, resource);", "a forbid without a reason"),
            ("@id(\"x\") @why(\"because\") forbid (principal, action, resource);", "an unknown reason"),
            ("@id(\"x\") @why(\"step_up\") permit (principal, action, resource);", "a permit with a reason"),
            ("@id(\"oneself\") permit (principal, action, resource);", "an id given twice"),
            ("@id(\"x\") permit (principal == ?principal, action, resource);", "a template"),
            ("@id(\"x\") permit (principal, action, resource) when { principal.nice };", "an unknown attribute"),
            ("@id(\"x\") permit (principal in Role::\"doctor\", action, resource);", "an unknown role"),
            (
                "@id(\"x\") permit (principal, action, resource is Document) when { resource.state == State::\"lost\" };",
                "an unknown state",
            ),
            ("@id(\"x\") permit (principal, action == Action::\"document.burn\", resource);", "an unknown action"),
            (
                "@id(\"x\") permit (principal, action == Action::\"document.read\", resource is System);",
                "an action on a thing it has nothing to do with, a mere warning",
            ),
            ("@id(\"x\") permit (principal, action, resource) when { 1 == 2 };", "a policy that never applies"),
            ("permit", "no policy at all"),
        ] {
            assert!(with(extra).is_err(), "started with {what}");
        }
        assert!(Policy::load("entity Nothing;", POLICIES).is_err());
        assert!(Policy::load("entity", &[]).is_err());
        let more =
            format!("{SCHEMA}\naction \"document.burn\" appliesTo {{ principal: [Person], resource: [Document] }};");
        assert!(matches!(Policy::load(&more, &[]), Err(PolicyError::Actions(_))));
        let less = SCHEMA.replace("\"key.unwrap\"", "\"key.rewrap\"");
        assert!(matches!(Policy::load(&less, &[]), Err(PolicyError::Actions(_))));
    }

    #[test]
    fn without_any_policy_everything_is_refused() {
        let policy = Policy::load(SCHEMA, &[]).expect("no policy is a policy");
        assert_eq!(why(&policy), Some(Why::NotPermitted));
    }
}
