//! Reading the embedded policies, strictly.
//!
//! A policy without a name, a forbid without a known reason, a name given twice, an action that the schema does not
//! know or knows and we do not, an error or a mere warning of the validator: nothing starts.

use crate::Why;
use cedar_policy::{
    ActionConstraint, Effect, EntityId, EntityTypeName, EntityUid, PolicyId, PolicySet, Schema, ValidationMode,
    Validator,
};
use record::Action;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::str::FromStr;

/// The schema, and the policies by topic, as they are embedded.
pub(crate) const SCHEMA: &str = include_str!("../../policies/strongroom.cedarschema");
/// File name and text of each.
pub(crate) const POLICIES: &[(&str, &str)] = &[
    ("never.cedar", include_str!("../../policies/never.cedar")),
    ("documents_practice.cedar", include_str!("../../policies/documents_practice.cedar")),
    ("documents_work.cedar", include_str!("../../policies/documents_work.cedar")),
    ("patients.cedar", include_str!("../../policies/patients.cedar")),
    ("requests.cedar", include_str!("../../policies/requests.cedar")),
    ("customers.cedar", include_str!("../../policies/customers.cedar")),
    ("people.cedar", include_str!("../../policies/people.cedar")),
    ("system.cedar", include_str!("../../policies/system.cedar")),
    ("programs.cedar", include_str!("../../policies/programs.cedar")),
];

/// The policies cannot be used as they are. Nothing may start.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The schema cannot be read.
    #[error("the policy schema cannot be read: {0}")]
    Schema(String),
    /// A file of policies cannot be read.
    #[error("the policies in {file} cannot be read: {what}")]
    Syntax {
        /// Which file.
        file: String,
        /// What Cedar says.
        what: String,
    },
    /// A policy lacks its name, a forbid its known reason, or a name is given twice.
    #[error("a policy in {file} is not in order: {what}")]
    Order {
        /// Which file.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// Strict validation found an error or a warning.
    #[error("the policies do not agree with their schema: {0}")]
    Invalid(String),
    /// The schema and the registry of actions differ.
    #[error("the schema and the registry of actions differ in {0}")]
    Actions(String),
}

/// What concerns one action.
#[derive(Debug)]
pub(super) struct Rules {
    /// The types of principals and of things that it has anything to do with.
    pub(super) askers: HashSet<String>,
    pub(super) things: HashSet<String>,
    /// The policies whose scope names the action, or any action: the others could neither hold nor err. Cedar looks at
    /// every policy it is given, one after the other, so that this is where a decision's time goes or is saved.
    pub(super) policies: PolicySet,
    /// The permits among them, to say whether a forbid was all that stood in the way.
    pub(super) permits: PolicySet,
}

/// Names made once, because making them parses.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) types: BTreeMap<&'static str, EntityTypeName>,
    pub(super) actions: HashMap<Action, EntityUid>,
}

const TYPES: &[&str] = &[
    "Person",
    "Program",
    "Job",
    "Stranger",
    "Role",
    "State",
    "Confidentiality",
    "Purpose",
    "Document",
    "Patient",
    "BreakGlass",
    "Customer",
    "Membership",
    "EmptyPage",
    "Myself",
    "System",
];

impl Names {
    fn new() -> Result<Self, PolicyError> {
        let type_name =
            |name: &str| EntityTypeName::from_str(name).map_err(|error| PolicyError::Schema(error.to_string()));
        let action_type = type_name("Action")?;
        let mut types = BTreeMap::new();
        for name in TYPES {
            types.insert(*name, type_name(name)?);
        }
        let uid =
            |action: &Action| EntityUid::from_type_name_and_id(action_type.clone(), EntityId::new(action.as_str()));
        Ok(Self { types, actions: Action::ALL.iter().map(|action| (*action, uid(action))).collect() })
    }

    pub(super) fn uid(&self, type_name: &str, id: &str) -> Result<EntityUid, Why> {
        let type_name = self.types.get(type_name).ok_or(Why::PolicyError)?;
        Ok(EntityUid::from_type_name_and_id(type_name.clone(), EntityId::new(id)))
    }
}

/// Everything that loading gives.
pub(super) struct Loaded {
    pub(super) schema: Schema,
    pub(super) whys: HashMap<PolicyId, Why>,
    pub(super) names: Names,
    pub(super) rules: HashMap<Action, Rules>,
}

fn parsed(schema: &str) -> Result<Schema, PolicyError> {
    let (schema, mut warnings) =
        Schema::from_cedarschema_str(schema).map_err(|error| PolicyError::Schema(error.to_string()))?;
    warnings.next().map_or(Ok(schema), |warning| Err(PolicyError::Schema(warning.to_string())))
}

/// What concerns each action. The schema's actions are ours, all of them and no other, and stand in no groups: so a
/// policy concerns an action if and only if its scope names it, or names none.
fn rules(schema: &Schema, names: &Names, policies: &PolicySet) -> Result<HashMap<Action, Rules>, PolicyError> {
    for uid in schema.actions() {
        if Action::from_str(uid.id().unescaped()).is_err() {
            return Err(PolicyError::Actions(uid.to_string()));
        }
    }
    if let Some(group) = schema.action_groups().next() {
        return Err(PolicyError::Actions(group.to_string()));
    }
    let concerns = |policy: &cedar_policy::Policy, uid: &EntityUid| match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(only) => only == *uid,
        ActionConstraint::In(list) => list.contains(uid),
    };
    let set = |list: Vec<cedar_policy::Policy>| {
        PolicySet::from_policies(list).map_err(|error| PolicyError::Invalid(error.to_string()))
    };
    let mut rules = HashMap::new();
    for (action, uid) in &names.actions {
        let (Some(askers), Some(things)) = (schema.principals_for_action(uid), schema.resources_for_action(uid)) else {
            return Err(PolicyError::Actions(uid.to_string()));
        };
        let all: Vec<_> = policies.policies().filter(|policy| concerns(policy, uid)).cloned().collect();
        let permits = all.iter().filter(|policy| policy.effect() == Effect::Permit).cloned().collect();
        rules.insert(
            *action,
            Rules {
                askers: askers.map(ToString::to_string).collect(),
                things: things.map(ToString::to_string).collect(),
                policies: set(all)?,
                permits: set(permits)?,
            },
        );
    }
    Ok(rules)
}

/// Reads the files; each policy goes by its `@id`, and each forbid has its `@why`.
pub(crate) fn read(files: &[(&str, &str)]) -> Result<(PolicySet, HashMap<PolicyId, Why>), PolicyError> {
    let mut all = PolicySet::new();
    let mut whys = HashMap::new();
    for (file, text) in files {
        let syntax = |what: String| PolicyError::Syntax { file: (*file).to_owned(), what };
        let order = |what: String| PolicyError::Order { file: (*file).to_owned(), what };
        let set = PolicySet::from_str(text).map_err(|error| syntax(error.to_string()))?;
        if set.templates().next().is_some() {
            return Err(order("templates are not used here".to_owned()));
        }
        for policy in set.policies() {
            let id = policy.annotation("id").filter(|id| !id.is_empty());
            let id = PolicyId::new(id.ok_or_else(|| order("a policy has no @id".to_owned()))?);
            match (policy.effect(), policy.annotation("why")) {
                (Effect::Permit, None) => {}
                (Effect::Permit, Some(_)) => return Err(order(format!("{id} is a permit and has a @why"))),
                (Effect::Forbid, why) => {
                    let why = why.unwrap_or_default().parse::<Why>();
                    whys.insert(id.clone(), why.map_err(|_| order(format!("{id} has no known @why")))?);
                }
            }
            all.add(policy.new_id(id)).map_err(|error| order(error.to_string()))?;
        }
    }
    Ok((all, whys))
}

/// Reads and strictly validates.
pub(super) fn load(text: &str, files: &[(&str, &str)]) -> Result<Loaded, PolicyError> {
    let schema = parsed(text)?;
    let names = Names::new()?;
    let (policies, whys) = read(files)?;
    let verdict = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
    if !verdict.validation_passed_without_warnings() {
        return Err(PolicyError::Invalid(verdict.to_string()));
    }
    let rules = rules(&schema, &names, &policies)?;
    Ok(Loaded { schema, whys, names, rules })
}
