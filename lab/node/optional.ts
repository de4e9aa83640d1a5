import { ApiException } from "@kubernetes/client-node";

/** What was asked for; undefined when there is no such object, and it is optional. */
export async function unlessAbsent<T>(asked: Promise<T>, optional = false): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (optional && error instanceof ApiException && error.code === 404) return undefined;
    throw error;
  }
}
