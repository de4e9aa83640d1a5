import { isDeepStrictEqual } from "node:util";
import { sortBy } from "es-toolkit/array/sortBy";
import { isSameValue, seconds } from "../config";
import { EFFECTS, type Judgement, worst } from "./effects";
import { fieldsOf, isWithin, THERE } from "./fields";
import { judgeAddresses } from "./judgeAddresses";
import { judgeObject } from "./judgeObject";
import { judgeReaders } from "./judgeReaders";
import type { FieldChange, ObjectChange, Unjudged } from "./objectChange";
import { kindOf, nameOf } from "./objectNames";
import type { StackObject } from "./renderedStack";

/**
 * What differs between two sets of objects, the most harmful first, then by object. What each rendering makes anew is not
 * compared.
 */
export function compareObjects(
  before: readonly StackObject[],
  after: readonly StackObject[],
): ObjectChange[] {
  const [old, now] = [byKey(before), byKey(after)];
  const keys = [...new Set([...old.keys(), ...now.keys()])];
  const changes = keys
    .map((key) => changeOf(old.get(key), now.get(key)))
    .filter(({ change, fields }) => change !== "changed" || fields.length > 0);
  const addresses = judgeAddresses(before, after);
  const judged = changes.map((change) =>
    withJudgements(change, [
      ...judgeObject(change),
      ...judgeReaders(change, changes, after),
      ...(addresses.get(change.object) ?? []),
    ]),
  );
  return sortBy(judged, [({ effect }) => EFFECTS.indexOf(effect), "object"]);
}

/** Objects by group, kind, namespace and name; the version of the API may change. */
function byKey(objects: readonly StackObject[]): Map<string, StackObject> {
  return new Map(
    objects.map((each) => [`${kindOf(each.object)} ${nameOf(each.object)}`, each] as const),
  );
}

function changeOf(before: StackObject | undefined, after: StackObject | undefined): Unjudged {
  const { object } = (after ?? before) as StackObject;
  const names = { object: nameOf(object), kind: kindOf(object), before, after };
  if (before === undefined) return { ...names, change: "added", fields: [] };
  if (after === undefined) return { ...names, change: "removed", fields: [] };
  return { ...names, change: "changed", fields: changedFields(before, after) };
}

function changedFields(before: StackObject, after: StackObject): Omit<FieldChange, "effect">[] {
  const [a, b] = [fieldsOf(before.object), fieldsOf(after.object)];
  const generated = [...before.generated, ...after.generated];
  const isGenerated = (path: string) =>
    a.has(path) && b.has(path) && generated.some((each) => isWithin(path, each));
  const changed = changedMarks(before.hidden, after.hidden);
  const differing = [...new Set([...a.keys(), ...b.keys()])].filter(
    (path) =>
      !isGenerated(path) &&
      (!isSame(path, a.get(path), b.get(path)) || changed.some((each) => isWithin(each, path))),
  );
  // An element of a list that came or went has one line, and its fields have none.
  const wholes = differing.filter((path) => a.get(path) === THERE || b.get(path) === THERE);
  return differing
    .filter((path) => !wholes.some((whole) => path !== whole && isWithin(path, whole)))
    .sort()
    .map((path) => {
      const [was, is] = [a.get(path), b.get(path)];
      const isList = Array.isArray(was) && Array.isArray(is);
      return {
        path,
        before: isList ? without(was, is) : was,
        after: isList ? without(is, was) : is,
        isList,
        isHidden: isDeepStrictEqual(was, is),
      };
    });
}

/** Paths of what is not shown on either side and differs; an empty mark is one that nobody knows. */
function changedMarks(before: StackObject["hidden"], after: StackObject["hidden"]): string[] {
  return Object.keys(before).filter((path) => {
    const [was, is] = [before[path], after[path]];
    return was !== "" && is !== undefined && is !== "" && was !== is;
  });
}

/** An amount is the same as a number and as text, and an entry of a ConfigMap in other units of time. */
function isSame(path: string, a: unknown, b: unknown): boolean {
  if (/\.(requests|limits)\./.test(path)) return isSameValue(a, b);
  if (path.startsWith("data.")) return isDeepStrictEqual(seconds(a, {}), seconds(b, {}));
  return isDeepStrictEqual(a, b);
}

function without(list: readonly unknown[], other: readonly unknown[]): readonly unknown[] {
  return list.filter((element) => !other.some((same) => isDeepStrictEqual(element, same)));
}

function withJudgements(change: Unjudged, judgements: readonly Judgement[]): ObjectChange {
  const fields = change.fields.map((field) => ({
    ...field,
    effect: worst(
      judgements
        .filter(({ paths }) => paths.some((path) => isWithin(field.path, path)))
        .map(({ effect }) => effect),
    ),
  }));
  return {
    ...change,
    fields,
    judgements: sortBy(judgements, [({ effect }) => EFFECTS.indexOf(effect), "what"]),
    effect: worst(judgements.map(({ effect }) => effect)),
  };
}
