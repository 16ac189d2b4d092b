"""Judging strangers' files where they can do no harm: in processes that are bounded, watched and killed.

Owns: `nursery` (one small program that has everything loaded and forks judges in milliseconds), `judge` (what one of
them does with a file), `confinement` (what it may not do), `pool` (hands files to judges, kills those that take too
long), `here` (the same work in this process: tests, and systems without Linux's means).
Does not own: the judging itself (`seal.validation`), how much one network may have of it (`verify.upload.budget`).
Entry points: `pool.JudgingPool`, `here.judge_here`, `findings.Findings`.
"""
