(** * Real sequences

    Two facts about sequences of numbers carry the whole argument: increments that shrink geometrically have a limit
    that is as near as their sum, and a quantity that contracts up to a quadratic error decays like its linear part. *)
From Coq Require Import Reals Lra Lia.
From Coquelicot Require Import Coquelicot.
Open Scope R_scope.

Lemma pow_nonneg (q : R) (k : nat) : 0 <= q -> 0 <= q ^ k.
Proof. apply pow_le. Qed.

Lemma pow_below_one (q : R) (k : nat) : 0 <= q <= 1 -> q ^ k <= 1.
Proof.
  intros Hq. rewrite <- (pow1 k). apply pow_incr. lra.
Qed.

Lemma scaled_pow_to_zero (K q : R) : 0 <= q < 1 -> is_lim_seq (fun k => K * q ^ k) 0.
Proof.
  intros Hq. replace (Finite 0) with (Rbar_mult K 0) by (simpl; f_equal; ring).
  apply is_lim_seq_scal_l, is_lim_seq_geom. rewrite Rabs_pos_eq; lra.
Qed.

(** Increments below K q^k: the limit exists and lies within K/(1-q) of the first term. *)
Lemma geometric_increments (w : nat -> R) (K q : R) :
  0 <= q < 1 -> (forall k, Rabs (w (S k) - w k) <= K * q ^ k) ->
  exists limit : R, is_lim_seq w limit /\ Rabs (limit - w 0%nat) <= K / (1 - q).
Proof.
  intros Hq Hw.
  set (step := fun k => w (S k) - w k).
  assert (Geometric : is_series (fun k => K * q ^ k) (K * / (1 - q))).
  { apply (is_series_scal (K := R_AbsRing) (V := R_NormedModule) K). apply is_series_geom. rewrite Rabs_pos_eq; lra. }
  assert (Absolute : ex_series (fun k => Rabs (step k))).
  { apply (ex_series_le (K := R_AbsRing) (V := R_CompleteNormedModule)) with (fun k => K * q ^ k).
    - intros k. change (Rabs (Rabs (step k)) <= K * q ^ k). rewrite Rabs_Rabsolu. apply Hw.
    - eexists. exact Geometric. }
  assert (Telescope : forall k, sum_n step k = w (S k) - w 0%nat).
  { induction k as [|k IH].
    - rewrite sum_O. reflexivity.
    - rewrite sum_Sn, IH. unfold step, plus. simpl. ring. }
  exists (w 0%nat + Series step). split.
  - apply is_lim_seq_incr_1.
    apply is_lim_seq_ext with (fun k => w 0%nat + sum_n step k).
    + intros k. rewrite Telescope. ring.
    + apply is_lim_seq_plus'.
      * apply is_lim_seq_const.
      * apply Series_correct, ex_series_Rabs, Absolute.
  - replace (w 0%nat + Series step - w 0%nat) with (Series step) by ring.
    eapply Rle_trans; [apply Series_Rabs, Absolute|].
    eapply Rle_trans.
    + apply Series_le with (b := fun k => K * q ^ k).
      * intros k. split; [apply Rabs_pos|apply Hw].
      * eexists. exact Geometric.
    + right. apply is_series_unique. exact Geometric.
Qed.

(** An error that contracts by [beta <= q] and is fed by K q^k stays below (w 0 + k K/q) q^k. *)
Lemma forced_contraction (w : nat -> R) (beta K q : R) :
  0 <= beta <= q -> 0 < q -> 0 <= K -> (forall k, w (S k) <= beta * w k + K * q ^ k) -> (forall k, 0 <= w k) ->
  forall k, w k <= (w 0%nat + INR k * (K / q)) * q ^ k.
Proof.
  intros Hbeta Hq HK Hstep Hpos k. induction k as [|k IH].
  - simpl. lra.
  - eapply Rle_trans; [apply Hstep|].
    assert (Hqk : 0 <= q ^ k) by (apply pow_le; lra).
    assert (beta * w k <= q * ((w 0%nat + INR k * (K / q)) * q ^ k)).
    { apply Rmult_le_compat; try lra. apply Hpos. }
    rewrite S_INR. simpl.
    replace ((w 0%nat + (INR k + 1) * (K / q)) * (q * q ^ k))
      with (q * ((w 0%nat + INR k * (K / q)) * q ^ k) + K * q ^ k) by (field; lra).
    lra.
Qed.

(** A linear factor does not stop geometric decay. *)
Lemma linear_times_pow_to_zero (q : R) : 0 < q < 1 -> is_lim_seq (fun k => (1 + INR k) * q ^ k) 0.
Proof.
  intros Hq.
  set (t := sqrt q).
  assert (Ht0 : 0 < t) by (apply sqrt_lt_R0; lra).
  assert (Htt : t * t = q) by (apply sqrt_sqrt; lra).
  assert (Ht1 : t < 1) by nra.
  set (y := / t - 1).
  assert (Hy : 0 < y).
  { unfold y. assert (1 < / t) by (rewrite <- Rinv_1; apply Rinv_lt_contravar; lra). lra. }
  set (D := 1 + / y).
  assert (HD : 0 < / y) by (apply Rinv_0_lt_compat; exact Hy).
  apply is_lim_seq_le_le with (fun _ => 0) (fun k => D * t ^ k).
  - intros k. assert (Hk := pos_INR k). split.
    + apply Rmult_le_pos; [lra|apply pow_le; lra].
    + assert (Bernoulli := poly k y Hy).
      replace (1 + y) with (/ t) in Bernoulli by (unfold y; ring).
      rewrite <- Htt, Rpow_mult_distr.
      assert (Htk : 0 < t ^ k) by (apply pow_lt; lra).
      rewrite <- Rmult_assoc. apply Rmult_le_compat_r; [lra|].
      rewrite pow_inv in Bernoulli.
      apply Rmult_le_compat_r with (r := t ^ k) in Bernoulli; [|lra].
      rewrite Rinv_l in Bernoulli by lra.
      assert (INR k * t ^ k <= / y).
      { apply Rmult_le_reg_r with y; [exact Hy|]. rewrite Rinv_l by lra. nra. }
      assert (t ^ k <= 1) by (apply pow_below_one; lra).
      unfold D. lra.
  - apply is_lim_seq_const.
  - apply scaled_pow_to_zero. lra.
Qed.

(** ** Decay of the distance

    N stands for the norms of the iterates: each is at most (rho + C N) N, as long as N stays within r. *)
Section Decay.
Variables (rho C r : R) (N : nat -> R).
Let sigma := rho + C * r.
Let x := C * r / (rho * (1 - sigma)).
Let P := 1 + x + x ^ 2.
Hypothesis rho_positive : 0 < rho.
Hypothesis C_nonnegative : 0 <= C.
Hypothesis sigma_below_one : sigma < 1.
Hypothesis x_at_most_one : x <= 1.
Hypothesis N_nonnegative : forall k, 0 <= N k.
Hypothesis N_start : N 0%nat <= r.
Hypothesis N_step : forall k, N k <= r -> N (S k) <= (rho + C * N k) * N k.

Lemma radius_nonnegative : 0 <= r.
Proof. apply Rle_trans with (N 0%nat); auto. Qed.

Lemma rho_below_one : rho < 1.
Proof.
  assert (0 <= C * r) by (apply Rmult_le_pos; [exact C_nonnegative|exact radius_nonnegative]).
  unfold sigma in sigma_below_one. lra.
Qed.

(** Step 1 of the amplitude certificate: the trajectory stays in the ball, and contracts there. *)
Lemma stays_within (k : nat) : N k <= sigma ^ k * r /\ N k <= r.
Proof.
  assert (Hr := radius_nonnegative).
  assert (HCr : 0 <= C * r) by (apply Rmult_le_pos; auto).
  assert (Hsigma : 0 < sigma) by (unfold sigma; lra).
  induction k as [|k [IH1 IH2]].
  - simpl. lra.
  - assert (Hk := N_nonnegative k).
    assert (Hstep : N (S k) <= sigma * N k).
    { eapply Rle_trans; [apply N_step; exact IH2|].
      apply Rmult_le_compat_r; [exact Hk|].
      unfold sigma. apply Rplus_le_compat_l, Rmult_le_compat_l; auto. }
    split.
    + simpl. rewrite Rmult_assoc. eapply Rle_trans; [exact Hstep|]. apply Rmult_le_compat_l; lra.
    + assert (sigma * N k <= 1 * N k) by (apply Rmult_le_compat_r; lra). lra.
Qed.

(** The sum of the first k terms of C r sigma^i / rho, in closed form. *)
Let partial (k : nat) := x * (1 - sigma ^ k).

Lemma partial_step (k : nat) : partial (S k) = partial k + C * r * sigma ^ k / rho.
Proof.
  assert (1 - sigma <> 0) by lra.
  unfold partial, x. simpl. field. split; lra.
Qed.

Lemma x_nonnegative : 0 <= x.
Proof.
  unfold x. apply Rdiv_le_0_compat.
  - apply Rmult_le_pos; [exact C_nonnegative|exact radius_nonnegative].
  - apply Rmult_lt_0_compat; lra.
Qed.

Lemma partial_between (k : nat) : 0 <= partial k <= x.
Proof.
  assert (Hx := x_nonnegative). assert (Hr := radius_nonnegative).
  assert (0 <= C * r) by (apply Rmult_le_pos; auto).
  assert (0 <= sigma) by (unfold sigma; lra).
  assert (0 <= sigma ^ k) by (apply pow_le; lra).
  assert (sigma ^ k <= 1) by (apply pow_below_one; lra).
  unfold partial. split.
  - apply Rmult_le_pos; lra.
  - rewrite <- (Rmult_1_r x) at 2. apply Rmult_le_compat_l; lra.
Qed.

(** A product of factors 1 + a is below 1 + S + S^2 as long as the sum S of the a is at most 1. *)
Lemma one_more_factor (S a : R) :
  0 <= S <= 1 -> 0 <= a -> (1 + a) * (1 + S + S ^ 2) <= 1 + (S + a) + (S + a) ^ 2.
Proof. intros HS Ha. assert (a * S * S <= a * S * 1) by (apply Rmult_le_compat_l; nra). nra. Qed.

Lemma decay_partial (k : nat) : N k <= (1 + partial k + partial k ^ 2) * (rho ^ k * r).
Proof.
  assert (Hr := radius_nonnegative).
  induction k as [|k IH].
  - unfold partial. simpl. lra.
  - rewrite partial_step.
    set (a := C * r * sigma ^ k / rho).
    assert (Hbetween := partial_between k).
    assert (0 <= C * r) by (apply Rmult_le_pos; auto).
    assert (Hs : 0 <= sigma ^ k) by (apply pow_le; unfold sigma; lra).
    assert (Ha : 0 <= a) by (unfold a; apply Rdiv_le_0_compat; [apply Rmult_le_pos|]; auto).
    assert (Hk := N_nonnegative k).
    assert (Hstep : N (S k) <= rho * (1 + a) * N k).
    { eapply Rle_trans; [apply N_step, stays_within|].
      apply Rmult_le_compat_r; [exact Hk|].
      replace (rho * (1 + a)) with (rho + C * (sigma ^ k * r)) by (unfold a; field; lra).
      apply Rplus_le_compat_l, Rmult_le_compat_l; [exact C_nonnegative|apply stays_within]. }
    eapply Rle_trans; [exact Hstep|].
    eapply Rle_trans.
    { apply Rmult_le_compat_l; [|exact IH]. apply Rmult_le_pos; lra. }
    replace (rho * (1 + a) * ((1 + partial k + partial k ^ 2) * (rho ^ k * r)))
      with ((1 + a) * (1 + partial k + partial k ^ 2) * (rho ^ S k * r)) by (simpl; ring).
    apply Rmult_le_compat_r.
    + apply Rmult_le_pos; [apply pow_le; lra|exact Hr].
    + apply one_more_factor; lra.
Qed.

Lemma decay (k : nat) : N k <= P * rho ^ k * r.
Proof.
  assert (Hr := radius_nonnegative).
  eapply Rle_trans; [apply decay_partial|]. rewrite Rmult_assoc.
  apply Rmult_le_compat_r.
  - apply Rmult_le_pos; [apply pow_le; lra|exact Hr].
  - assert (H := partial_between k). unfold P.
    assert (partial k ^ 2 <= x ^ 2) by (apply pow_incr; lra). lra.
Qed.

Lemma P_at_least_one : 1 <= P.
Proof. assert (H := x_nonnegative). unfold P. assert (0 <= x ^ 2) by (apply pow_le; lra). lra. Qed.
End Decay.
