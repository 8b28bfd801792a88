(** * The amplitude lemma

    A sequence s_{k+1} = B s_k + g_k in R^n whose forcing is quadratically small, |g_k| <= C |s_k|^2, follows its
    dominant part for ever as soon as one inequality holds at one step. E is a space that B leaves invariant, with the
    orthogonal projector Pi; on E, B is rho times an isometry, with inverse J / rho; across E, |B z| <= b |z|, b < rho.
    B need not be symmetric here. *)
From Coq Require Import Reals Lra Lia.
From Coquelicot Require Import Coquelicot.
From Direction Require Import Sequences Vectors.
Open Scope R_scope.

(** u / |u| *)
Definition direction (n : nat) (u : vector) : vector := scale (/ norm n u) u.

Fixpoint power (n : nat) (M : matrix) (k : nat) (u : vector) : vector :=
  match k with
  | O => u
  | S j => apply n M (power n M j u)
  end.

Record projector (n : nat) (Pi : matrix) : Prop := {
  projector_symmetric : forall u w, dot n (apply n Pi u) w = dot n u (apply n Pi w);
  projector_idempotent : forall u, same n (apply n Pi (apply n Pi u)) (apply n Pi u)
}.

Lemma projector_pythagoras n Pi u : projector n Pi ->
  dot n u u = dot n (apply n Pi u) (apply n Pi u)
              + dot n (difference u (apply n Pi u)) (difference u (apply n Pi u)).
Proof.
  intros [Hs Hi]. expand_dots.
  assert (E : dot n (apply n Pi u) (apply n Pi u) = dot n u (apply n Pi u)).
  { rewrite Hs. apply dot_same; [intros i _; reflexivity|apply Hi]. }
  rewrite (dot_commutes n (apply n Pi u) u), E. ring.
Qed.

Lemma projector_shrinks n Pi u : projector n Pi -> norm n (apply n Pi u) <= norm n u.
Proof.
  intros H. unfold norm. apply sqrt_le_1_alt. rewrite (projector_pythagoras n Pi u H).
  assert (H0 := dot_self_nonneg n (difference u (apply n Pi u))). lra.
Qed.

Lemma projector_complement_shrinks n Pi u : projector n Pi -> norm n (difference u (apply n Pi u)) <= norm n u.
Proof.
  intros H. unfold norm. apply sqrt_le_1_alt. rewrite (projector_pythagoras n Pi u H).
  assert (H0 := dot_self_nonneg n (apply n Pi u)). lra.
Qed.

(** Vectors near a non-zero one have nearly its direction. *)
Lemma direction_close n u w : 0 < norm n w ->
  norm n (difference (direction n u) (direction n w)) <= 2 * norm n (difference u w) / norm n w.
Proof.
  intros Hw. assert (Hu := norm_nonneg n u). unfold direction.
  destruct (Req_dec (norm n u) 0) as [Z|NZ].
  - assert (Hz := norm_zero_same n u Z).
    rewrite (norm_same n (difference (scale (/ norm n u) u) (scale (/ norm n w) w)) (scale (- / norm n w) w)).
    2:{ intros i Hi. unfold difference, scale. rewrite (Hz i Hi). unfold zero. ring. }
    rewrite (norm_same n (difference u w) (scale (-1) w)).
    2:{ intros i Hi. unfold difference, scale. rewrite (Hz i Hi). unfold zero. ring. }
    rewrite !norm_scale, (Rabs_left (-1)) by lra.
    assert (0 < / norm n w) by (apply Rinv_0_lt_compat; exact Hw).
    rewrite Rabs_left, Ropp_involutive, Rinv_l by lra.
    replace (2 * (- -1 * norm n w) / norm n w) with 2 by (field; lra). lra.
  - assert (0 < / norm n w) by (apply Rinv_0_lt_compat; exact Hw).
    rewrite (norm_same n (difference (scale (/ norm n u) u) (scale (/ norm n w) w))
      (combination 1 (scale (/ norm n w) (difference u w)) 1 (scale (/ norm n u - / norm n w) u))) by entrywise.
    eapply Rle_trans; [apply norm_triangle|]. rewrite !norm_scale.
    rewrite (Rabs_pos_eq (/ norm n w)) by lra.
    assert (E : Rabs (/ norm n u - / norm n w) * norm n u = / norm n w * Rabs (norm n w - norm n u)).
    { replace (/ norm n u - / norm n w) with (/ (norm n u * norm n w) * (norm n w - norm n u)) by (field; lra).
      rewrite Rabs_mult, Rabs_pos_eq.
      - field. lra.
      - left. apply Rinv_0_lt_compat, Rmult_lt_0_compat; lra. }
    rewrite E.
    assert (D : Rabs (norm n w - norm n u) <= norm n (difference u w)).
    { assert (H1 := norm_reverse n u w). assert (H2 := norm_reverse n w u).
      rewrite norm_difference_commutes in H2. apply Rabs_le. lra. }
    apply Rmult_le_compat_l with (r := / norm n w) in D; [|lra].
    unfold Rdiv. lra.
Qed.

Section Powers.
Variable n : nat.

Lemma power_same M k u w : same n u w -> same n (power n M k u) (power n M k w).
Proof.
  intros H. induction k as [|k IH]; simpl; [exact H|]. intros i _. apply apply_same, IH.
Qed.

Lemma power_front M k u : same n (power n M (S k) u) (power n M k (apply n M u)).
Proof.
  induction k as [|k IH]; [intros i _; reflexivity|].
  intros i _. change (apply n M (power n M (S k) u) i = apply n M (power n M k (apply n M u)) i).
  apply apply_same, IH.
Qed.

Lemma power_combination M k a u b w :
  same n (power n M k (combination a u b w)) (combination a (power n M k u) b (power n M k w)).
Proof.
  induction k as [|k IH]; simpl; [intros i _; reflexivity|].
  intros i _. rewrite (apply_same n M _ _ IH). apply apply_combination.
Qed.

Lemma power_scale M k a u : same n (power n M k (scale a u)) (scale a (power n M k u)).
Proof.
  induction k as [|k IH]; simpl; [intros i _; reflexivity|].
  intros i _. rewrite (apply_same n M _ _ IH). apply apply_scale.
Qed.

Lemma power_difference M k u w :
  same n (power n M k (difference u w)) (difference (power n M k u) (power n M k w)).
Proof.
  induction k as [|k IH]; simpl; [intros i _; reflexivity|].
  intros i _. rewrite (apply_same n M _ _ IH). apply apply_difference.
Qed.

Lemma power_shrinks M k u : (forall w, norm n (apply n M w) <= norm n w) -> norm n (power n M k u) <= norm n u.
Proof.
  intros H. induction k as [|k IH]; simpl; [lra|]. eapply Rle_trans; [apply H|exact IH].
Qed.
End Powers.

(** The numbers of the certificate, in the words of docs/theory.md, section 3. *)
Definition sigma_of (rho C r : R) : R := rho + C * r.
Definition x_of (rho C r : R) : R := C * r / (rho * (1 - sigma_of rho C r)).
Definition P_of (rho C r : R) : R := 1 + x_of rho C r + x_of rho C r ^ 2.
Definition tail (rho C r : R) : R := C * P_of rho C r ^ 2 * r ^ 2 / (rho * (1 - rho)).
(** The factor of the rate. *)
Definition rate (rho b : R) : R := Rmax (b / rho) rho.

Section Amplitude.
Variables (n : nat) (B Pi J : matrix) (rho b C r : R) (s g : nat -> vector).

Hypothesis rho_positive : 0 < rho.
Hypothesis b_dominated : 0 <= b < rho.
Hypothesis C_nonnegative : 0 <= C.
Hypothesis sigma_below_one : sigma_of rho C r < 1.
Hypothesis x_at_most_one : x_of rho C r <= 1.

Hypothesis Pi_projector : projector n Pi.
Hypothesis Pi_commutes : forall u, same n (apply n Pi (apply n B u)) (apply n B (apply n Pi u)).
Hypothesis B_on_E : forall u, norm n (apply n B (apply n Pi u)) = rho * norm n (apply n Pi u).
Hypothesis B_across : forall z, same n (apply n Pi z) zero -> norm n (apply n B z) <= b * norm n z.
Hypothesis J_within : forall u, same n (apply n Pi (apply n J u)) (apply n J u).
Hypothesis J_shrinks : forall u, norm n (apply n J u) <= norm n u.
Hypothesis J_after_B : forall u, same n (apply n J (apply n B (apply n Pi u))) (scale rho (apply n Pi u)).
Hypothesis B_after_J : forall u, same n (apply n B (apply n J u)) (scale rho (apply n Pi u)).

Hypothesis starts_within : norm n (s 0%nat) <= r.
Hypothesis step : forall k, same n (s (S k)) (combination 1 (apply n B (s k)) 1 (g k)).
Hypothesis forcing : forall k, norm n (s k) <= r -> norm n (g k) <= C * norm n (s k) ^ 2.

Let along (k : nat) := apply n Pi (s k).
Let across (k : nat) := difference (s k) (apply n Pi (s k)).
Let K := C * P_of rho C r ^ 2 * r ^ 2.
Let q := rate rho b.

Lemma across_vanishes u : same n (apply n Pi (difference u (apply n Pi u))) zero.
Proof.
  intros i Hi. rewrite apply_difference, (projector_idempotent n Pi Pi_projector u i Hi). unfold zero. ring.
Qed.

(** |B u| <= rho |u| *)
Lemma B_bound u : norm n (apply n B u) <= rho * norm n u.
Proof.
  apply norm_at_most; [apply Rmult_le_pos; [lra|apply norm_nonneg]|].
  set (z := difference u (apply n Pi u)).
  assert (Split : dot n (apply n B u) (apply n B u)
                  = dot n (apply n B (apply n Pi u)) (apply n B (apply n Pi u)) + dot n (apply n B z) (apply n B z)).
  { rewrite (projector_pythagoras n Pi (apply n B u) Pi_projector). f_equal.
    - apply dot_same; apply Pi_commutes.
    - assert (E : same n (difference (apply n B u) (apply n Pi (apply n B u))) (apply n B z)).
      { intros i Hi. unfold difference at 1, z. rewrite (Pi_commutes u i Hi), apply_difference. reflexivity. }
      apply dot_same; exact E. }
  assert (HE := B_on_E u).
  assert (Hz := B_across z (across_vanishes u)).
  assert (U := projector_pythagoras n Pi u Pi_projector). fold z in U.
  rewrite Split, <- !norm_squared, HE. rewrite <- !norm_squared in U.
  assert (Hz0 := norm_nonneg n (apply n B z)). assert (Z0 := norm_nonneg n z).
  assert (norm n (apply n B z) <= rho * norm n z).
  { eapply Rle_trans; [exact Hz|]. apply Rmult_le_compat_r; lra. }
  assert (norm n (apply n B z) * norm n (apply n B z) <= (rho * norm n z) * (rho * norm n z))
    by (apply Rmult_le_compat; lra).
  replace (rho * norm n u * (rho * norm n u)) with (rho * rho * (norm n u * norm n u)) by ring.
  rewrite U. lra.
Qed.

Lemma norm_step k : norm n (s k) <= r -> norm n (s (S k)) <= (rho + C * norm n (s k)) * norm n (s k).
Proof.
  intros H. rewrite (norm_same n _ _ (step k)). eapply Rle_trans; [apply norm_triangle|].
  assert (H1 := B_bound (s k)). assert (H2 := forcing k H). simpl in H2. lra.
Qed.

Lemma ball_invariant k : norm n (s k) <= r.
Proof.
  apply (stays_within rho C r (fun j => norm n (s j))); auto.
  - intros j. apply norm_nonneg.
  - exact norm_step.
Qed.

Lemma rho_less_than_one : rho < 1.
Proof. apply (rho_below_one rho C r (fun j => norm n (s j))); auto. intros j; apply norm_nonneg. Qed.

Lemma norm_decay k : norm n (s k) <= P_of rho C r * rho ^ k * r.
Proof.
  apply (decay rho C r (fun j => norm n (s j))); auto.
  - intros j. apply norm_nonneg.
  - exact norm_step.
Qed.

Lemma K_nonnegative : 0 <= K.
Proof. unfold K. apply Rmult_le_pos; [apply Rmult_le_pos; [exact C_nonnegative|]|]; apply pow2_ge_0. Qed.

Lemma forcing_decay k : norm n (g k) <= K * (rho ^ k * rho ^ k).
Proof.
  eapply Rle_trans; [apply forcing, ball_invariant|].
  assert (H := norm_decay k). assert (H0 := norm_nonneg n (s k)).
  assert (norm n (s k) ^ 2 <= (P_of rho C r * rho ^ k * r) ^ 2) by (apply pow_incr; lra).
  unfold K. replace (C * P_of rho C r ^ 2 * r ^ 2 * (rho ^ k * rho ^ k)) with (C * (P_of rho C r * rho ^ k * r) ^ 2) by ring.
  apply Rmult_le_compat_l; auto.
Qed.

(** *** The part within E, turned back by B^k *)
Let turned (k : nat) := scale (/ rho ^ k) (power n J k (along k)).

Lemma along_step k : same n (along (S k)) (combination 1 (apply n B (along k)) 1 (apply n Pi (g k))).
Proof.
  intros i Hi. unfold along. rewrite (apply_same n Pi _ _ (step k)), apply_combination.
  unfold combination. rewrite (Pi_commutes (s k) i Hi). reflexivity.
Qed.

Lemma turned_step k :
  same n (difference (turned (S k)) (turned k)) (scale (/ rho ^ S k) (power n J (S k) (apply n Pi (g k)))).
Proof.
  intros i Hi. unfold turned, difference, scale.
  assert (E : same n (power n J (S k) (along (S k)))
                (combination rho (power n J k (along k)) 1 (power n J (S k) (apply n Pi (g k))))).
  { eapply same_trans; [apply power_same, along_step|].
    eapply same_trans; [apply power_combination|].
    intros j Hj. unfold combination. f_equal. rewrite Rmult_1_l.
    rewrite (power_front n J k (apply n B (along k)) j Hj).
    assert (F : same n (apply n J (apply n B (along k))) (scale rho (along k))) by apply J_after_B.
    rewrite (power_same n J k _ _ F j Hj). apply power_scale. exact Hj. }
  rewrite (E i Hi). unfold combination. assert (0 < rho ^ k) by (apply pow_lt; exact rho_positive).
  cbn [pow]. field. split; lra.
Qed.

Lemma turned_increment k : norm n (difference (turned (S k)) (turned k)) <= K / rho * rho ^ k.
Proof.
  rewrite (norm_same n _ _ (turned_step k)), norm_scale.
  assert (Hk : 0 < rho ^ k) by (apply pow_lt; exact rho_positive).
  assert (HSk : 0 < rho ^ S k) by (apply pow_lt; exact rho_positive).
  rewrite Rabs_pos_eq by (left; apply Rinv_0_lt_compat; exact HSk).
  apply Rmult_le_reg_l with (rho ^ S k); [exact HSk|].
  rewrite <- Rmult_assoc, Rinv_r, Rmult_1_l by lra.
  eapply Rle_trans; [apply power_shrinks, J_shrinks|].
  eapply Rle_trans; [apply projector_shrinks, Pi_projector|].
  eapply Rle_trans; [apply forcing_decay|].
  right. simpl. field. lra.
Qed.

Lemma power_within k u : same n (apply n Pi u) u -> same n (apply n Pi (power n J k u)) (power n J k u).
Proof.
  intros H. destruct k as [|k]; simpl; [exact H|]. apply J_within.
Qed.

Lemma B_power_within k u : same n (apply n Pi u) u -> same n (apply n Pi (power n B k u)) (power n B k u).
Proof.
  intros H. induction k as [|k IH]; simpl; [exact H|].
  eapply same_trans; [apply Pi_commutes|]. intros i _. apply apply_same, IH.
Qed.

Lemma B_power_norm k u : same n (apply n Pi u) u -> norm n (power n B k u) = rho ^ k * norm n u.
Proof.
  intros H. induction k as [|k IH]; simpl; [ring|].
  assert (W := B_power_within k u H).
  assert (E : same n (apply n B (power n B k u)) (apply n B (apply n Pi (power n B k u)))).
  { intros i _. apply apply_same, same_sym, W. }
  rewrite (norm_same n _ _ E), B_on_E, (norm_same n _ _ W), IH. ring.
Qed.

Lemma B_power_after_J k u : same n (apply n Pi u) u -> same n (power n B k (power n J k u)) (scale (rho ^ k) u).
Proof.
  intros H. induction k as [|k IH].
  - intros i _. unfold scale. simpl. ring.
  - eapply same_trans; [apply power_front|].
    eapply same_trans; [apply power_same; cbn [power]; apply B_after_J|].
    eapply same_trans; [apply power_scale|].
    intros i Hi. unfold scale.
    rewrite (power_same n B k _ _ (power_within k u H) i Hi), (IH i Hi). unfold scale. simpl. ring.
Qed.

Lemma along_within k : same n (apply n Pi (along k)) (along k).
Proof. apply projector_idempotent, Pi_projector. Qed.

Lemma along_is_turned k : same n (power n B k (turned k)) (along k).
Proof.
  unfold turned. eapply same_trans; [apply power_scale|]. intros i Hi. unfold scale.
  rewrite (B_power_after_J k (along k) (along_within k) i Hi). unfold scale.
  assert (0 < rho ^ k) by (apply pow_lt; exact rho_positive). field. lra.
Qed.

Lemma turned_within k : same n (apply n Pi (turned k)) (turned k).
Proof.
  intros i Hi. unfold turned. rewrite apply_scale.
  rewrite (power_within k (along k) (along_within k) i Hi). reflexivity.
Qed.

(** Step 2: the amplitude exists, and the tail bounds its distance from the projection. *)
Lemma amplitude_exists : exists zeta,
  same n (apply n Pi zeta) zeta /\
  norm n (difference zeta (apply n Pi (s 0%nat))) <= tail rho C r /\
  forall k, norm n (difference (along k) (power n B k zeta)) <= tail rho C r * rho ^ k * rho ^ k.
Proof.
  assert (H1 := rho_less_than_one). assert (HK := K_nonnegative).
  destruct (geometric_vectors n turned (K / rho) rho) as (limit & Hlimit); [lra|exact turned_increment|].
  exists (apply n Pi limit).
  assert (Within : same n (apply n Pi (apply n Pi limit)) (apply n Pi limit))
    by (apply projector_idempotent, Pi_projector).
  assert (Near : forall k, norm n (difference (apply n Pi limit) (turned k)) <= tail rho C r * rho ^ k).
  { intros k.
    assert (E : same n (difference (apply n Pi limit) (turned k)) (apply n Pi (difference limit (turned k)))).
    { intros i Hi. rewrite apply_difference, (turned_within k i Hi). reflexivity. }
    rewrite (norm_same n _ _ E).
    eapply Rle_trans; [apply projector_shrinks, Pi_projector|].
    eapply Rle_trans; [apply Hlimit|]. right. unfold tail. fold K. field. lra. }
  split; [exact Within|]. split.
  - assert (H := Near 0%nat). rewrite pow_O, Rmult_1_r in H.
    rewrite (norm_same n _ (difference (apply n Pi limit) (turned 0%nat))); [exact H|].
    intros i Hi. unfold turned, along, difference, scale. simpl. field.
  - intros k.
    assert (E : same n (difference (along k) (power n B k (apply n Pi limit)))
                  (power n B k (difference (turned k) (apply n Pi limit)))).
    { intros i Hi. rewrite (power_difference n B k _ _ i Hi). unfold difference.
      rewrite (along_is_turned k i Hi). reflexivity. }
    rewrite (norm_same n _ _ E), B_power_norm.
    + rewrite norm_difference_commutes, Rmult_comm.
      apply Rmult_le_compat_r; [apply pow_le; lra|apply Near].
    + intros i Hi. rewrite apply_difference, (turned_within k i Hi), (Within i Hi). reflexivity.
Qed.

(** Step 3: what lies across E falls behind. *)
Lemma across_step k : norm n (across (S k)) <= b * norm n (across k) + norm n (g k).
Proof.
  assert (E : same n (across (S k))
                (combination 1 (apply n B (across k)) 1 (difference (g k) (apply n Pi (g k))))).
  { intros i Hi. unfold across, difference at 1, combination.
    assert (A := along_step k i Hi). unfold along, combination in A. rewrite A, (step k i Hi).
    rewrite apply_difference. unfold combination, difference. ring. }
  rewrite (norm_same n _ _ E). eapply Rle_trans; [apply norm_triangle|].
  apply Rplus_le_compat.
  - apply B_across, across_vanishes.
  - apply projector_complement_shrinks, Pi_projector.
Qed.

Lemma rate_between : 0 < q < 1 /\ b / rho <= q /\ rho <= q.
Proof.
  assert (H1 := rho_less_than_one). unfold q, rate.
  assert (b / rho < 1) by (apply Rlt_div_l; lra).
  assert (A := Rmax_l (b / rho) rho). assert (B' := Rmax_r (b / rho) rho).
  assert (Rmax (b / rho) rho < 1) by (apply Rmax_lub_lt; lra). lra.
Qed.

Lemma across_decay k : norm n (across k) <= (norm n (across 0%nat) + INR k * (K / rho / q)) * q ^ k * rho ^ k.
Proof.
  assert (H1 := rho_less_than_one). assert (HK := K_nonnegative). assert (Hq := rate_between).
  set (w := fun j => norm n (across j) / rho ^ j).
  assert (Hpow : forall j, 0 < rho ^ j) by (intros; apply pow_lt; exact rho_positive).
  assert (W : w k <= (w 0%nat + INR k * (K / rho / q)) * q ^ k).
  { apply forced_contraction with (beta := b / rho).
    - split; [apply Rdiv_le_0_compat; lra|lra].
    - lra.
    - apply Rdiv_le_0_compat; lra.
    - intros j. unfold w. assert (Hj := Hpow j). assert (HSj := Hpow (S j)).
      apply Rmult_le_reg_r with (rho ^ S j); [exact HSj|].
      replace (norm n (across (S j)) / rho ^ S j * rho ^ S j) with (norm n (across (S j))) by (field; lra).
      eapply Rle_trans; [apply across_step|].
      assert (G := forcing_decay j).
      assert (Hrq : rho ^ j <= q ^ j) by (apply pow_incr; lra).
      assert (K * (rho ^ j * rho ^ j) <= K * (q ^ j * rho ^ j)).
      { apply Rmult_le_compat_l; [exact HK|]. apply Rmult_le_compat_r; lra. }
      replace ((b / rho * (norm n (across j) / rho ^ j) + K / rho * q ^ j) * rho ^ S j)
        with (b * norm n (across j) + K * (q ^ j * rho ^ j)) by (simpl; field; lra).
      lra.
    - intros j. unfold w. apply Rdiv_le_0_compat; [apply norm_nonneg|apply Hpow]. }
  unfold w in W. rewrite pow_O in W. replace (norm n (across 0%nat) / 1) with (norm n (across 0%nat)) in W by field.
  assert (Hk := Hpow k).
  apply Rmult_le_compat_r with (r := rho ^ k) in W; [|lra].
  replace (norm n (across k) / rho ^ k * rho ^ k) with (norm n (across k)) in W by (field; lra). exact W.
Qed.

(** The constant of the rate. *)
Definition rate_constant : R := norm n (across 0%nat) + tail rho C r + K / rho / q.

Lemma tail_nonnegative : 0 <= tail rho C r.
Proof.
  assert (H1 := rho_less_than_one). unfold tail. fold K. apply Rdiv_le_0_compat; [exact K_nonnegative|].
  apply Rmult_lt_0_compat; lra.
Qed.

Lemma rate_constant_nonnegative : 0 <= rate_constant.
Proof.
  assert (Hq := rate_between). assert (HK := K_nonnegative). assert (HT := tail_nonnegative).
  assert (HN := norm_nonneg n (across 0%nat)).
  assert (0 <= K / rho / q) by (apply Rdiv_le_0_compat; [apply Rdiv_le_0_compat|]; lra).
  unfold rate_constant. lra.
Qed.

(** *** The lemma *)
Theorem amplitude_lemma : exists zeta,
  same n (apply n Pi zeta) zeta /\
  norm n (difference zeta (apply n Pi (s 0%nat))) <= tail rho C r /\
  forall k, norm n (difference (s k) (power n B k zeta)) <= rate_constant * ((1 + INR k) * q ^ k) * rho ^ k.
Proof.
  destruct amplitude_exists as (zeta & Within & Near & Follows).
  exists zeta. split; [exact Within|]. split; [exact Near|]. intros k.
  assert (E : same n (difference (s k) (power n B k zeta))
                (combination 1 (difference (along k) (power n B k zeta)) 1 (across k))).
  { intros i _. unfold along, across, difference, combination. ring. }
  rewrite (norm_same n _ _ E). eapply Rle_trans; [apply norm_triangle|].
  assert (A := Follows k). assert (Z := across_decay k).
  assert (Hq := rate_between). assert (HT := tail_nonnegative). assert (HK := K_nonnegative).
  assert (HN := norm_nonneg n (across 0%nat)). assert (Hk := pos_INR k).
  assert (Hrho : 0 < rho ^ k) by (apply pow_lt; exact rho_positive).
  assert (Hqk : 0 < q ^ k) by (apply pow_lt; lra).
  assert (rho ^ k <= q ^ k) by (apply pow_incr; lra).
  assert (tail rho C r * rho ^ k * rho ^ k <= tail rho C r * q ^ k * rho ^ k).
  { apply Rmult_le_compat_r; [lra|]. apply Rmult_le_compat_l; lra. }
  assert (HKq : 0 <= K / rho / q) by (apply Rdiv_le_0_compat; [apply Rdiv_le_0_compat|]; lra).
  apply Rle_trans with ((norm n (across 0%nat) + INR k * (K / rho / q) + tail rho C r) * q ^ k * rho ^ k); [lra|].
  apply Rmult_le_compat_r; [lra|]. rewrite <- Rmult_assoc. apply Rmult_le_compat_r; [lra|].
  unfold rate_constant.
  assert (0 <= INR k * norm n (across 0%nat)) by (apply Rmult_le_pos; lra).
  assert (0 <= INR k * tail rho C r) by (apply Rmult_le_pos; lra).
  lra.
Qed.

Theorem sequence_to_zero : is_lim_seq (fun k => norm n (s k)) 0.
Proof.
  assert (H1 := rho_less_than_one).
  apply is_lim_seq_le_le with (fun _ => 0) (fun k => P_of rho C r * r * rho ^ k).
  - intros k. split; [apply norm_nonneg|]. assert (H := norm_decay k). lra.
  - apply is_lim_seq_const.
  - apply scaled_pow_to_zero. lra.
Qed.

(** "Amplitude > tail" at one step settles the direction, with a rate. *)
Theorem direction_settled : tail rho C r < norm n (apply n Pi (s 0%nat)) -> exists zeta,
  same n (apply n Pi zeta) zeta /\
  norm n (difference zeta (apply n Pi (s 0%nat))) <= tail rho C r /\
  0 < norm n zeta /\
  (forall k, norm n (difference (direction n (s k)) (direction n (power n B k zeta)))
             <= 2 * rate_constant / norm n zeta * ((1 + INR k) * q ^ k)) /\
  (exists k0, forall k, (k0 <= k)%nat -> 0 < norm n (s k)).
Proof.
  intros Ht. destruct amplitude_lemma as (zeta & Within & Near & Follows).
  assert (Hzeta : 0 < norm n zeta).
  { assert (H := norm_reverse n (apply n Pi (s 0%nat)) zeta).
    rewrite norm_difference_commutes in H. lra. }
  exists zeta. split; [exact Within|]. split; [exact Near|]. split; [exact Hzeta|].
  assert (Hrho : forall k, 0 < rho ^ k) by (intros; apply pow_lt; exact rho_positive).
  assert (Hnorm : forall k, norm n (power n B k zeta) = rho ^ k * norm n zeta)
    by (intros; apply B_power_norm, Within).
  split.
  - intros k. assert (Hk := Hrho k).
    assert (Hpos : 0 < norm n (power n B k zeta)) by (rewrite Hnorm; apply Rmult_lt_0_compat; auto).
    eapply Rle_trans; [apply direction_close, Hpos|].
    apply Rmult_le_reg_r with (norm n (power n B k zeta)); [exact Hpos|].
    unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
    rewrite Hnorm.
    replace (2 * rate_constant / norm n zeta * ((1 + INR k) * q ^ k) * (rho ^ k * norm n zeta))
      with (2 * (rate_constant * ((1 + INR k) * q ^ k) * rho ^ k)) by (field; lra).
    apply Rmult_le_compat_l; [lra|apply Follows].
  - assert (L := linear_times_pow_to_zero q (proj1 rate_between)).
    assert (L2 : is_lim_seq (fun k => rate_constant * ((1 + INR k) * q ^ k)) 0).
    { replace (Finite 0) with (Rbar_mult rate_constant 0) by (simpl; f_equal; ring).
      apply is_lim_seq_scal_l, L. }
    apply is_lim_seq_spec in L2. destruct (L2 (mkposreal _ Hzeta)) as [k0 H0].
    exists k0. intros k Hk. specialize (H0 k Hk). simpl in H0. rewrite Rminus_0_r in H0.
    apply Rabs_def2 in H0. destruct H0 as [H0 _].
    assert (F := Follows k). assert (Rev := norm_reverse n (power n B k zeta) (s k)).
    rewrite norm_difference_commutes, Hnorm in Rev.
    assert (rate_constant * ((1 + INR k) * q ^ k) * rho ^ k < norm n zeta * rho ^ k)
      by (apply Rmult_lt_compat_r; [apply Hrho|exact H0]).
    lra.
Qed.

(** The bound of the rate tends to 0. *)
Lemma rate_bound_to_zero D : is_lim_seq (fun k => D * ((1 + INR k) * q ^ k)) 0.
Proof.
  replace (Finite 0) with (Rbar_mult D 0) by (simpl; f_equal; ring).
  apply is_lim_seq_scal_l, linear_times_pow_to_zero, rate_between.
Qed.
End Amplitude.
