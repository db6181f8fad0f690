/** @file Every job there is. A processor table `satisfies Record<JobName, …>` misses none. */
import type { z } from 'zod';
import { renderPrompt } from './render-prompt.ts';
import { trainSubject } from './train-subject.ts';

export const jobs = {
  [trainSubject.name]: trainSubject,
  [renderPrompt.name]: renderPrompt,
} as const;

/** Name of a job, and of its queue. */
export type JobName = keyof typeof jobs;
/** The contract of one job. */
export type JobOf<Name extends JobName> = (typeof jobs)[Name];
/** What the job returns. */
export type JobResult<Name extends JobName> = z.infer<JobOf<Name>['result']>;
/** What the job reports while it runs. */
export type JobProgressOf<Name extends JobName> = z.infer<JobOf<Name>['progress']>;
/** Why the job can fail. */
export type JobFailureCode<Name extends JobName> = JobOf<Name>['failureCodes'][number];

/** All names, in the order in which they were declared. */
export const jobNames = Object.keys(jobs) as JobName[];
